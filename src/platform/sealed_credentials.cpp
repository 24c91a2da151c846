#include "platform/sealed_credentials.hpp"

#include "base/log.hpp"
#include "connector/memory_credentials.hpp"
#include "platform/credential_bundle.hpp"

namespace fairlead::platform {

using connector::RenewalFailure;
using connector::TokenState;

Task<connector::CredentialSource::Opened> SealedCredentials::open() { return open(connector_); }

Task<connector::CredentialSource::Opened> SealedCredentials::open(StoredConnectorPtr connector) {
  const vault::SecretAddress address = connector->address();
  if (auto text = services_.vault.try_open(address, connector->credential.sealed)) {
    const Secret clear = std::move(*text).value();
    co_return read_bundle(clear).value();
  }
  const Secret clear = co_await services_.vault.open(address, connector->credential.sealed);
  co_return read_bundle(clear).value();
}

Task<Result<TokenState, RenewalFailure>> SealedCredentials::renew(
    const Secret& seen_access_token,
    std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)> renewal) {
  std::string key = connector_->row.id.str();
  auto turn = co_await renewals_.take_turn(std::move(key));
  if (!turn) {
    needs_reauth_ = turn.error().permanent;
    co_return std::move(turn).error();
  }

  // Who waited for a turn finds what the one before it stored.
  const StoredConnectorPtr current =
      co_await cache_.find_fresh(connector_->organization, connector_->row.id);
  if (!current) throw Failure(no_such_connector());
  connector_ = current;
  const Opened held = co_await open(current);
  if (!held.tokens.access_token.empty() && !held.tokens.access_token.matches(seen_access_token))
    co_return connector::duplicate(held.tokens);

  // A renewal that was sent is never broken off: its answer may hold the only valid tokens.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto answer = co_await renewal(held);
  if (!answer) {
    turn->failed(answer.error());
    needs_reauth_ = answer.error().permanent;
    if (needs_reauth_) co_await cache_.note_status(current, "needs_reauth", answer.error().message);
  } else {
    // No refresh token in the answer: the old one stays good (RFC 6749, section 6).
    if (answer->refresh_token.empty())
      answer->refresh_token = held.tokens.refresh_token.duplicate();
    if (!co_await store(current, held.fields, *answer))
      answer = RenewalFailure{.permanent = false,
                              .message = "the connector was changed while its tokens were renewed"};
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_return std::move(answer);
}

Task<bool> SealedCredentials::store(StoredConnectorPtr connector,
                                    const connector::CredentialFields& fields,
                                    const TokenState& tokens) {
  store::CredentialRow next{.version = connector->credential.version + 1, .sealed = {}};
  next.sealed =
      co_await services_.vault.seal(connector->address(next.version), write_bundle(fields, tokens));
  const bool stored = co_await services_.database.write(
      [organization = connector->organization, id = connector->row.id,
       seen = connector->row.updated_at, next,
       now = services_.clock.now()](store::Connection& connection) {
        if (!store::replace_credential(connection, organization, id, next, now)) return false;
        // Settings may be newer than the tokens; then nothing is said of them.
        store::set_connector_status(connection, organization, id, seen, "ready", std::nullopt);
        return true;
      });
  cache_.forget(connector->row.id);
  log::info("connector.tokens_renewed",
            {{"connector", connector->row.id}, {"stored", stored ? "yes" : "no"}});
  co_return stored;
}

}  // namespace fairlead::platform
