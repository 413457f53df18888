/**
 * The commands of a rollout over HTTP: pause, resume and limit of one share or of all.
 * Each needs a token of the share, which no browser sends by itself.
 *
 * @module
 */
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { BoundedMap } from "../base/bounded_map.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { sha1 } from "../disk/sha1.ts";
import type { HttpResponse } from "../http/response.ts";
import type {
  CommandHandler,
  TrackerRequest,
} from "../tracker/http_handler.ts";
import { ALL_SHARES, type RolloutControl } from "./rollout_control.ts";
import { json, NOT_FOUND, plain, SHARES_PATH } from "./rollout_routes.ts";
import type { ListedShare } from "./share_listing.ts";

/** Least limit, in bytes a second. */
const LEAST_LIMIT = 1_024;
/** Wrong tokens of one address: a few, and then one in ten seconds. */
const WRONG_TOKENS = { perSecond: 0.1, burst: 5 } as const;
/** Addresses whose wrong tokens are counted. */
const MAX_ADDRESSES = 1_024;

/** The commands for the shares of a machine. */
export function controlRoutes(
  control: RolloutControl,
  shares: () => readonly ListedShare[],
): CommandHandler {
  const wrongTokens = new BoundedMap<string, RateLimiter>(MAX_ADDRESSES);

  function refusal(
    request: TrackerRequest,
    nowMs: number,
  ): HttpResponse | undefined {
    if (request.isFromBrowser) return FORBIDDEN;
    const text = request.header("authorization") ?? "";
    const given = /^bearer +(\S+) *$/i.exec(text)?.[1];
    if (given === undefined) return UNAUTHORIZED;
    // Of all tokens, so that the time says nothing of which one is close.
    const isRight = [...control.tokens]
      .map((token) => timingSafeEqual(hashOf(token), hashOf(given)))
      .includes(true);
    if (isRight) return undefined;
    const limiter = wrongTokens.getOrInsertComputed(
      request.remoteHostname,
      () => new RateLimiter(WRONG_TOKENS),
    );
    return limiter.tryTake(1, nowMs) ? UNAUTHORIZED : TOO_MANY;
  }

  return (request, nowMs) => {
    const [id, command, ...rest] = request.path.startsWith(`${SHARES_PATH}/`)
      ? request.path.slice(SHARES_PATH.length + 1).split("/")
      : [];
    const isCommand = command !== undefined && COMMANDS.includes(command) &&
      rest.length === 0;
    if (!isCommand) return undefined;
    const refused = refusal(request, nowMs);
    if (refused !== undefined) return refused;
    const isAll = id === ALL_SHARES;
    const chosen = shares().filter((share) => isAll || share.id === id);
    if (chosen.length === 0 && !isAll) return NOT_FOUND;
    const target = isAll ? undefined : id;
    if (command === "limit") {
      const text = new URLSearchParams(request.query).get("bytesPerSecond");
      const rate = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
      if (!(rate === 0 || rate >= LEAST_LIMIT)) return NO_RATE;
      control.setLimit(target, rate === 0 ? undefined : rate);
    } else control.setPaused(target, command === "pause");
    return json({
      version: 1,
      shares: chosen.map(({ id, name }) => {
        const { isPaused, limit } = control.of(id);
        return {
          ...{ id, name, paused: isPaused },
          ...limit && { limitBytesPerSecond: limit.bytesPerSecond },
        };
      }),
    });
  };
}

const COMMANDS = ["pause", "resume", "limit"];

/** Of one length, whatever a client sends. */
function hashOf(text: string): Uint8Array {
  return sha1(new TextEncoder().encode(text));
}

const FORBIDDEN = plain(403, "No web page controls a share.\n");
const NO_TOKEN = plain(
  401,
  "This needs the token of the share: Authorization: Bearer TOKEN.\n",
);
const UNAUTHORIZED: HttpResponse = {
  ...NO_TOKEN,
  headers: { ...NO_TOKEN.headers, "www-authenticate": "Bearer" },
};
const TOO_MANY = plain(429, "Too many wrong tokens from your address.\n");
const NO_RATE = plain(
  400,
  `bytesPerSecond is 0 for no limit, or a whole number from ${LEAST_LIMIT}.\n`,
);
