// Harbor: a small third-party service to try everything on, served by `fairlead sandbox`. It plays
// somebody else's service, so nothing here knows ours (docs/decisions/0007-sandbox-room.md). What
// it offers is told in docs/guide/sandbox.md.
#pragma once

#include "base/clock.hpp"
#include "base/task.hpp"
#include "net/message.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

struct ApiKey {
  std::string key;         ///< begins with hk_
  bool read_only = false;  ///< writing is answered 403
};

struct OAuthClient {
  std::string id,
      secret;        ///< an empty secret makes a public client: it proves itself by PKCE alone
  std::string name;  ///< shown on the consent page
  /// Where codes may be sent, compared exactly; on 127.0.0.1, [::1] and localhost any port will do
  /// (RFC 8252, section 7.3).
  std::vector<std::string> redirect_uris;
};

/// What becomes of a refresh token when it is used.
struct RefreshPolicy {
  enum class Rotation {
    none,   ///< it stays as it is, and no new one is given
    grace,  ///< a new one is given; the old one works for `grace` from its first use on
    strict  ///< a new one is given; the old one is dead at once
  };
  Rotation rotation = Rotation::strict;
  std::chrono::seconds grace{30};
};

/// How many of each the service is born with. The same numbers give the same data, always.
struct SeedSizes {
  std::size_t customers = 40, orders = 120, tickets = 60;
  std::size_t comments_per_ticket = 4;  ///< at most
  std::size_t files = 8;                ///< at most 8
};

struct Limits {
  std::size_t records = 5'000;  ///< of each kind; 422 when full
  std::size_t file_bytes = 2u << 20, all_file_bytes = 64u << 20;
  std::size_t idempotency_keys = 10'000;  ///< the oldest are forgotten first
  std::size_t grants = 1'000;             ///< OAuth; the oldest are revoked first
};

struct Options {
  std::vector<ApiKey> api_keys = {{"hk_sandbox"}, {"hk_readonly", true}};
  std::vector<OAuthClient> oauth_clients = {
      {"harbor_sandbox", "hs_sandbox", "Sandbox application", {"http://127.0.0.1/callback"}}};
  std::chrono::seconds access_token_lifetime{3600};
  RefreshPolicy refresh = {};
  unsigned requests_per_minute = 600;  ///< of each API key or OAuth grant; 0: no limit
  SeedSizes seed = {};
  Limits limits = {};
  /// Allows callers to ask for trouble: `X-Harbor-Fault` and /_faults (docs/guide/sandbox.md).
  bool faults = false;
};

/// What the token endpoint gives.
struct Tokens {
  std::string access_token, refresh_token;
};

/// The service. Its state is in memory; safe to use from any number of threads.
class Harbor {
 public:
  /// `clock` outlives the service.
  Harbor(Options options, const Clock& clock);
  ~Harbor();

  /// Never throws for what a caller sent. An answer whose `stream` throws is one that was asked for
  /// by a fault: the connection breaks off.
  Task<net::Response> handle(net::Request request);

  /// As if a user had just said yes to `client_id` on the consent page, for reading and writing.
  /// Throws Failure(not_found) for an unknown client.
  Tokens grant(std::string_view client_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::sandbox
