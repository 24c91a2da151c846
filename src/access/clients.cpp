#include "access/clients.hpp"

#include "access/client_secret.hpp"
#include "access/epochs.hpp"
#include "access/names.hpp"
#include "store/clients.hpp"
#include "store/keys.hpp"

namespace fairlead::access {
namespace {

Error no_such_client() { return not_found("no such client"); }

}  // namespace

store::ClientSecretRow new_secret_row(const vault::Vault& vault, const Secret& secret,
                                      Instant now) {
  const Sha256 hash = vault.mac(vault::KeyLabel::client_secret_pepper, secret);
  return {.id = random_uuid(),
          .hash = store::Blob{std::string(bytes_of(hash))},
          .mac_version = vault.mac_version(),
          .created_at = now,
          .ends_at = std::nullopt,
          .last_used_at = std::nullopt};
}

Task<Result<NewClientSecret>> Clients::create(Caller caller, std::string name, Role role) {
  if (auto allowed = check_right(caller, Right::administer_organization); !allowed)
    co_return std::move(allowed).error();
  if (auto good = check_name("name", name); !good) co_return std::move(good).error();
  Secret secret = make_client_secret();
  const ClientId id = ClientId::random();
  const Instant now = clock_.now();
  const auto secret_row = new_secret_row(vault_, secret, now);
  const store::ClientRow row{id, name, std::string(name_of(role)), now};
  const OrganizationId organization = caller.organization();
  co_await database_.write([&](store::Connection& c) {
    store::insert_client(c, organization, row);
    store::insert_client_secret(c, organization, id, secret_row);
  });
  co_return NewClientSecret{id, std::move(secret)};
}

Task<Result<std::vector<Client>>> Clients::list(Caller caller) {
  if (auto allowed = check_right(caller, Right::administer_organization); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const Instant now = clock_.now();
  co_return co_await database_.read([organization, now](store::Connection& c) {
    std::vector<Client> clients;
    for (const store::ClientRow& row : store::list_clients(c, organization)) {
      Client client{row.id,         organization,
                    row.name,       row.role == "admin" ? Role::admin : Role::member,
                    row.created_at, {}};
      for (const auto& secret : store::list_client_secrets(c, organization, row.id, now))
        client.secrets.push_back(
            {secret.id, secret.created_at, secret.ends_at, secret.last_used_at});
      clients.push_back(std::move(client));
    }
    return clients;
  });
}

Task<Result<NewClientSecret>> Clients::rotate_secret(Caller caller, ClientId client,
                                                     std::chrono::hours overlap) {
  if (auto allowed = check_right(caller, Right::administer_organization); !allowed)
    co_return std::move(allowed).error();
  if (overlap < std::chrono::hours(0) || overlap > std::chrono::hours(168))
    co_return invalid_field("overlap", "overlap must be 0 to 168 hours");
  Secret secret = make_client_secret();
  const Instant now = clock_.now();
  const auto row = new_secret_row(vault_, secret, now);
  const OrganizationId organization = caller.organization();
  const bool found = co_await database_.write([&](store::Connection& c) {
    if (!store::find_client(c, organization, client)) return false;
    const auto live = store::list_client_secrets(c, organization, client, now);
    for (std::size_t i = 0; i < live.size(); ++i) {
      const bool stays = i == 0 && overlap > std::chrono::hours(0);
      if (stays)
        store::end_client_secret(c, organization, live[i].id, now + overlap);
      else
        store::delete_client_secret(c, organization, live[i].id);
    }
    store::insert_client_secret(c, organization, client, row);
    store::raise_epoch(c, store::EpochKind::client, client.str(), now);
    return true;
  });
  if (!found) co_return no_such_client();
  co_await epochs_.poll();
  co_return NewClientSecret{client, std::move(secret)};
}

Task<Result<Done>> Clients::revoke(Caller caller, ClientId client) {
  if (auto allowed = check_right(caller, Right::administer_organization); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const Instant now = clock_.now();
  const bool found = co_await database_.write([&](store::Connection& c) {
    if (!store::delete_client(c, organization, client)) return false;
    store::raise_epoch(c, store::EpochKind::client, client.str(), now);
    return true;
  });
  if (!found) co_return no_such_client();
  co_await epochs_.poll();
  co_return Done{};
}

}  // namespace fairlead::access
