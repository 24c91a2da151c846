// Harbor's OAuth 2: the consent page, the token endpoint, revocation. RFC 6749, 7009, 7636, 8252,
// 9207.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "net/message.hpp"
#include "sandbox/harbor.hpp"
#include "sandbox/seal.hpp"
#include "sandbox/target.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

/// Who an access token speaks for.
struct Grantee {
  std::string grant;  ///< names the grant
  std::string client_id;
  bool may_write = false;
};

/// Keeps hashes of the tokens it gives, never the tokens. Not safe for several threads: Harbor
/// holds a lock.
class OAuthProvider {
 public:
  OAuthProvider(const Options& options, const Seal& seal);

  /// GET: the page on which a user says yes or no, or the reason why there is none. `origin` is
  /// where the service was reached.
  net::Response consent_page(const Form& query, Instant now) const;
  /// POST: what the user said, sent on to the application.
  net::Response decide(const net::Request& request, std::string_view origin, Instant now);
  net::Response token(const net::Request& request, Instant now);
  net::Response revoke(const net::Request& request, Instant now);

  std::optional<Grantee> authenticate(std::string_view access_token, Instant now) const;
  /// As if a user had consented. Throws Failure(not_found) for an unknown client.
  Tokens grant(std::string_view client_id, Instant now);

 private:
  struct AccessToken {
    Sha256 hash;
    Instant expires;
    bool may_write;
  };
  struct RefreshToken {
    Sha256 hash;
    std::optional<Instant> replaced;  ///< when it was first used
  };
  struct Grant {
    std::string client_id;
    bool may_write = false;
    std::vector<AccessToken> access;
    std::vector<RefreshToken> refresh;
  };
  struct Code {
    Sha256 hash;
    std::string client_id, redirect_uri, challenge;
    bool may_write = false;
    Instant expires;
    std::optional<std::uint64_t> grant = {};  ///< what it was spent for
  };
  struct Asked;

  Asked read_authorization(const Form& query, Instant now) const;
  const OAuthClient* find_client(std::string_view id) const;
  const OAuthClient& authenticate_client(const net::Request& request, const Form& form) const;
  std::string new_code(const Asked& asked, Instant now);
  json::object spend_code(const OAuthClient& client, const Form& form, Instant now);
  json::object spend_refresh_token(const OAuthClient& client, const Form& form, Instant now);
  std::uint64_t new_grant(std::string client_id, bool may_write);
  std::string new_access_token(std::uint64_t number, bool may_write, Instant now);
  std::string new_refresh_token(std::uint64_t number);
  json::object answer_of(std::string access_token, std::optional<std::string> refresh_token,
                         bool may_write) const;

  std::vector<OAuthClient> clients_;
  std::chrono::seconds lifetime_;
  RefreshPolicy policy_;
  std::size_t most_grants_;
  const Seal& seal_;
  std::map<std::uint64_t, Grant> grants_;
  std::map<std::uint64_t, Code> codes_;
  std::uint64_t next_grant_ = 1, next_code_ = 1;
};

}  // namespace fairlead::sandbox
