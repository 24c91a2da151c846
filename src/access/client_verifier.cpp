#include "access/client_verifier.hpp"

#include "store/clients.hpp"
#include "store/keys.hpp"

namespace fairlead::access {
namespace {

constexpr int failures_of_client = 10, failures_of_address = 30;  // a minute

/// What the database knows of a client; for an unknown one, the same questions are asked.
struct Known {
  std::optional<OrganizationId> owner;
  std::optional<store::ClientRow> client;
  std::vector<store::ClientSecretRow> secrets;
  std::int64_t epoch_clock = 0;
};

Known look_up(store::Connection& connection, const ClientId& client, Instant now) {
  Known known;
  known.owner = store::find_client_owner(connection, client);
  const OrganizationId organization = known.owner.value_or(OrganizationId::trusted(client.str()));
  known.client = store::find_client(connection, organization, client);
  known.secrets = store::list_client_secrets(connection, organization, client, now);
  known.epoch_clock = store::read_epoch_clock(connection);
  return known;
}

}  // namespace

Task<Result<VerifiedClient>> ClientVerifier::verify(std::string client_id, const Secret& secret,
                                                    std::string address) {
  const auto parsed = ClientId::parse(client_id);
  const ClientId id = parsed ? *parsed : ClientId::random();
  const Instant now = clock_.now();
  const Known known =
      co_await database_.read([id, now](store::Connection& c) { return look_up(c, id, now); });

  // Always two comparisons, against nothing if need be: the time does not tell what exists.
  const store::ClientSecretRow* match = nullptr;
  for (std::size_t i = 0; i < std::max<std::size_t>(2, known.secrets.size()); ++i) {
    const bool real = i < known.secrets.size();
    const Sha256 hash = vault_.mac(vault::KeyLabel::client_secret_pepper, secret,
                                   real ? known.secrets[i].mac_version : vault_.mac_version());
    const std::string kept = real ? known.secrets[i].hash.bytes : std::string(hash.size(), '\0');
    if (equal_in_constant_time(bytes_of(hash), kept) && real) match = &known.secrets[i];
  }
  if (match == nullptr || !known.owner || !known.client) {
    co_return refuse((parsed ? id.str() : "malformed") + ' ' + address, address);
  }
  {
    const std::lock_guard lock(mutex_);
    uses_.insert_or_assign(match->id, Use{*known.owner, now});
  }
  co_return VerifiedClient{id, *known.owner,
                           known.client->role == "admin" ? Role::admin : Role::member,
                           known.epoch_clock};
}

// Only what is wrong is limited. Behind a proxy everybody has one address, and whoever guesses
// there must not keep out those who know their secret; 256 random bits need no limit to be safe.
Error ClientVerifier::refuse(const std::string& by_client, const std::string& address) {
  for (const auto& [name, limit] :
       {std::pair(by_client, failures_of_client), std::pair(address, failures_of_address)})
    if (const auto wait = failures_.wait_for(name, limit))
      return {.kind = ErrorKind::rate_limited,
              .message = "too many failed attempts; wait, then try again",
              .retry_after = wait};
  failures_.note_failure(by_client);
  failures_.note_failure(address);
  return {ErrorKind::unauthenticated, "client_id or client_secret is wrong", "invalid_client"};
}

Task<void> ClientVerifier::flush_uses() {
  std::map<std::string, Use> uses;
  {
    const std::lock_guard lock(mutex_);
    uses.swap(uses_);
  }
  if (uses.empty()) co_return;
  co_await database_.write([&uses](store::Connection& c) {
    for (const auto& [secret_id, use] : uses)
      store::note_client_secret_use(c, use.organization, secret_id, use.at);
  });
}

}  // namespace fairlead::access
