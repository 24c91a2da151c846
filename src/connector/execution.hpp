// One call on its way through the engine: find, build, open the credentials, choose the scheme,
// renew, authorize, send, retry, read. Engine::execute and Engine::plan are its two uses.
#pragma once

#include "connector/download.hpp"
#include "connector/engine.hpp"

namespace fairlead::connector {

class Execution {
 public:
  Execution(net::HttpClient& client, const Call& call, CredentialSource& credentials,
            EngineOptions options);

  Task<Result<Outcome, CallError>> run();
  Task<Result<Plan, CallError>> plan();

 private:
  using Check = std::optional<CallError>;
  /// What the service answered: the head, and either the body or where it comes from.
  struct Reply {
    int status = 0;
    net::Headers headers;
    std::string body = {};
    net::BodyStream stream = {};
    net::Url url = {};  ///< that answered, after redirects; without its query
  };
  using Replied = Result<Reply, CallError>;
  enum class Reading { whole, streamed };

  Instant now() const;
  Check find_operation();
  /// Puts the cursor of the page before where the operation takes it.
  Check place_cursor();
  Check build();
  /// The draft asks for the page at an address instead.
  Check continue_at(const std::string& address);
  /// Gives a write the key that the service knows it by, where the service has such keys.
  void add_idempotency_key();
  /// Opens the credentials and chooses the scheme.
  Task<Check> open();
  /// Gets an OAuth 2 access token where there is none, or none that lasts.
  Task<Check> ensure_token();
  /// Renews the token; the draft is built anew where values came with it.
  Task<std::optional<RenewalFailure>> renew_token();
  bool renewal_is_due() const;
  bool has_access_token() const;

  /// The draft with credentials, as it is sent.
  Result<net::OutboundRequest, CallError> authorized(RequestDraft draft);
  Result<net::OutboundRequest, CallError> outbound(RequestDraft draft) const;

  /// The operation's own request, sent with a renewal after a 401.
  Task<Replied> send_operation(Reading reading);
  Task<Replied> send_following(net::OutboundRequest request, Reading reading);
  Task<Replied> send_retrying(const net::OutboundRequest& request, Reading reading);
  Task<Result<Reply, net::SendFailure>> send_once(const net::OutboundRequest& request,
                                                  Reading reading);
  Task<bool> pause(Wait wait);
  /// Waits for this request's turn under the definition's rate limits.
  Task<Check> await_turn(bool first_try);
  Task<Check> await_turn(std::string key, RateLimit limit, bool first_try);
  CallError send_error(net::SendFailure failure) const;
  Check follow_redirect(const Reply& reply, int hops, net::OutboundRequest& request) const;

  Task<Result<Outcome, CallError>> download();
  Task<Replied> fetch_file(Reply first);
  Result<net::OutboundRequest, CallError> file_request(const Reply& first);
  Task<Result<Outcome, CallError>> finish_download(Reply reply);
  /// The error envelope of a one-step download that came as JSON.
  Task<Check> check_envelope(Reply& reply);

  Result<Outcome, CallError> read(Reply reply);
  /// Whether a download may come from there (x-fairlead-download-hosts).
  bool is_download_host(const net::Url& url) const;
  CallError refusal(Reply reply) const;
  CallError without_secrets(CallError error) const;
  Plan describe(const RequestDraft& draft) const;

  net::HttpClient& client_;
  const Call& call_;
  CredentialSource& credentials_;
  const EngineOptions options_;
  const Definition& definition_;
  json::object params_;
  const Operation* operation_ = nullptr;
  std::optional<ChunkRequest> chunk_;
  std::optional<std::string> address_;  // of the next page, where a cursor is one
  std::string idempotency_key_;
  bool keyed_ = false;  // a key tells the service that a repeated write is the same one
  RequestDraft draft_;
  CredentialSource::Opened opened_;
  const AuthScheme* scheme_ = nullptr;
  std::vector<Secret> used_;  // what authorize() put onto requests
  bool renewed_ = false;
  int attempts_ = 0;
};

}  // namespace fairlead::connector
