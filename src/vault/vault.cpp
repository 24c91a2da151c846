#include "vault/vault.hpp"

#include "base/log.hpp"
#include "store/keys.hpp"
#include "vault/key_cache.hpp"
#include "vault/seal.hpp"

#include <array>
#include <filesystem>
#include <map>

namespace fairlead::vault {
namespace {

constexpr std::array label_names = {"client-secret-pepper", "log-fingerprint", "audit-mac",
                                    "opaque-state", "webhook-wrap"};
constexpr std::size_t label_count = label_names.size();
constexpr std::string_view check_text = "fairlead-key-check";
constexpr std::int64_t reservation = 4096;
constexpr std::int64_t most_encryptions = std::int64_t{1} << 30;

[[noreturn]] void refuse_root_key(std::string message) {
  throw Failure(Error{ErrorKind::unavailable, std::move(message), std::string(root_key_unusable)});
}

Error tampered(std::string_view what, std::initializer_list<log::Field> where) {
  log::error("crypto.tamper_detected", where);
  return {ErrorKind::internal, "a stored " + std::string(what) + " is not what was sealed there",
          std::string(crypto_tamper_detected)};
}

/// What an instance key is good for: keys drawn from it, each for one use.
struct InstanceKeys {
  std::int64_t version = 1;
  std::string id;
  Secret organization_wrap, seal, check;
  std::array<Secret, label_count> macs;

  InstanceKeys(const Secret& key, std::int64_t its_version)
      : version(its_version),
        id(key_id_of(key)),
        organization_wrap(derive_key(key, "org-wrap")),
        seal(derive_key(key, "instance-seal")),
        check(derive_key(key, "key-check")) {
    for (std::size_t i = 0; i < label_count; ++i) macs[i] = derive_key(key, label_names[i]);
  }
};

std::uint32_t u32(std::int64_t version) { return static_cast<std::uint32_t>(version); }

BoundTo wrap_place(const std::string& deployment, std::string_view parent_id,
                   std::int64_t parent_version, std::string_view child_id,
                   std::int64_t child_version) {
  BoundTo place("fairlead/v1/wrap");
  place.text(deployment).text(parent_id).number(parent_version);
  place.text(child_id).number(child_version);
  return place;
}

BoundTo check_place(const std::string& deployment, std::string_view key_id) {
  BoundTo place("fairlead/v1/check");
  place.text(deployment).text(key_id);
  return place;
}

constexpr std::string_view instance_child = "instance";

bool check_fits(const Secret& key, const BoundTo& place, const store::Blob& check) {
  const auto text = open_text(key, place, check.bytes);
  return text && text->matches(Secret(check_text));
}

}  // namespace

struct Vault::Impl {
  Impl(store::Database& its_database, const Clock& its_clock)
      : database(its_database), clock(its_clock) {}

  store::Database& database;
  const Clock& clock;
  std::string deployment;
  std::string root_id, root_provider, root_location;
  bool first_start = false;
  std::map<std::int64_t, InstanceKeys> instance_keys;  // does not change after open()
  std::int64_t active_version = 0;
  KeyCache cache;

  const InstanceKeys& active() const { return instance_keys.at(active_version); }

  /// What a secret of an organization is bound to.
  BoundTo place_of(const SecretAddress& address, const OrganizationKey& key) const {
    BoundTo place("fairlead/v1/secret");
    place.text(deployment).text(address.organization.str());
    place.text(address.workspace ? std::string_view(address.workspace->str()) : "");
    place.text(address.connector ? std::string_view(address.connector->str()) : "");
    place.text(address.slot).number(address.version);
    place.text("organization").text(key.id).number(key.version);
    return place;
  }

  BoundTo instance_place(std::string_view name, const InstanceKeys& key) const {
    BoundTo place("fairlead/v1/secret");
    place.text(deployment).text("").text("").text("").text(name).number(1);
    place.text("instance").text(key.id).number(key.version);
    return place;
  }

  Error tampered_secret(const SecretAddress& address) const {
    return tampered("secret", {{"organization_id", address.organization},
                               {"workspace_id", address.workspace ? address.workspace->str() : ""},
                               {"connector_id", address.connector ? address.connector->str() : ""},
                               {"slot", address.slot},
                               {"version", address.version}});
  }

  Error tampered_key(const OrganizationId& organization) const {
    return tampered("organization key", {{"organization_id", organization}});
  }

  Result<Secret> open_under(const OrganizationKey& key, const SecretAddress& address,
                            const store::Blob& sealed) const {
    if (auto text = open_text(key.key, place_of(address, key), sealed.bytes))
      return *std::move(text);
    return tampered_secret(address);
  }

  std::shared_ptr<OrganizationKey> unwrap(const OrganizationId& organization,
                                          const store::OrganizationKeyRow& row) const {
    const auto parent = instance_keys.find(row.instance_key_version);
    if (parent == instance_keys.end()) return nullptr;
    auto key = unwrap_key(parent->second.organization_wrap,
                          wrap_place(deployment, parent->second.id, parent->second.version,
                                     organization.str(), row.version),
                          row.wrapped.bytes);
    if (!key || key_id_of(*key) != row.key_id ||
        !check_fits(*key, check_place(deployment, row.key_id), row.key_check))
      return nullptr;
    auto unwrapped = std::make_shared<OrganizationKey>();
    unwrapped->key = *std::move(key);
    unwrapped->id = row.key_id;
    unwrapped->version = row.version;
    return unwrapped;
  }

  /// Of `version`, or the active one (0). nullptr when the organization has none such.
  Task<std::shared_ptr<OrganizationKey>> key_of(OrganizationId organization, std::int64_t version) {
    if (auto key = cache.find(organization, version, clock.now())) co_return key;
    const auto row = co_await database.read([organization, version](store::Connection& c) {
      return version == 0 ? store::find_active_organization_key(c, organization)
                          : store::find_organization_key(c, organization, version);
    });
    if (!row || row->state == "destroyed") co_return nullptr;
    auto key = unwrap(organization, *row);
    if (!key) throw Failure(tampered_key(organization));
    const Instant now = clock.now();
    cache.put(organization, row->version, key, now);
    if (row->state == "active") cache.put(organization, 0, key, now);
    co_return key;
  }

  /// Counts one encryption; random nonces are safe for 2^32 under one key, we stop long before.
  Task<void> count_encryption(OrganizationId organization, std::shared_ptr<OrganizationKey> key) {
    if (key->reserved.fetch_sub(1) > 0) co_return;
    const std::int64_t version = key->version;
    const auto total = co_await database.write([organization, version](store::Connection& c) {
      return store::reserve_encryptions(c, organization, version, reservation);
    });
    if (!total || *total > most_encryptions) {
      cache.forget(organization);
      throw Failure(Error{ErrorKind::unavailable,
                          "the organization's key has sealed too much and has to be rotated"});
    }
    key->reserved += reservation;
  }

  void use_root_key(RootKey root, const std::vector<store::InstanceKeyRow>& rows);
  std::vector<store::InstanceKeyRow> first_rows(const RootKey& root);
};

std::vector<store::InstanceKeyRow> Vault::Impl::first_rows(const RootKey& root) {
  const Secret key = random_key();
  const std::string id = key_id_of(key);
  const BoundTo place = wrap_place(deployment, root.id, 1, instance_child, 1);
  const BoundTo check = check_place(deployment, id);
  return {{.version = 1,
           .key_id = id,
           .state = "active",
           .root_key_id = root.id,
           .wrapped = wrap_key(root.key, 1, place, key),
           .key_check = seal_text(derive_key(key, "key-check"), 1, check, Secret(check_text)),
           .created_at = clock.now()}};
}

void Vault::Impl::use_root_key(RootKey root, const std::vector<store::InstanceKeyRow>& rows) {
  for (const store::InstanceKeyRow& row : rows) {
    if (row.state == "destroyed" || row.root_key_id != root.id) continue;
    auto key = unwrap_key(root.key, wrap_place(deployment, root.id, 1, instance_child, row.version),
                          row.wrapped.bytes);
    if (!key || key_id_of(*key) != row.key_id)
      throw Failure(tampered("instance key", {{"version", row.version}}));
    InstanceKeys keys(*key, row.version);
    if (!check_fits(keys.check, check_place(deployment, row.key_id), row.key_check))
      throw Failure(tampered("instance key", {{"version", row.version}}));
    if (row.state == "active") active_version = row.version;
    instance_keys.emplace(row.version, std::move(keys));
  }
  if (active_version == 0) {
    std::string expected;
    for (const store::InstanceKeyRow& row : rows)
      if (row.state == "active") expected = row.root_key_id;
    refuse_root_key("the root key in " + root.location + " has the id " + root.id +
                    ", but the database was sealed under the root key with id " + expected +
                    "; put that key back (from your backup of it).");
  }
  root_id = root.id;
  root_location = root.location;
}

Task<std::unique_ptr<Vault>> Vault::open(store::Database& database, RootKeyOptions options,
                                         const Clock& clock) {
  auto impl = std::make_unique<Impl>(database, clock);
  impl->root_provider = name_of(options.provider);

  struct Found {
    std::optional<std::string> deployment;
    std::vector<store::InstanceKeyRow> keys;
  };
  const auto look = [](store::Connection& c) {
    return Found{store::find_deployment(c), store::list_instance_keys(c)};
  };
  Found found = co_await database.read(look);

  std::optional<std::string> made_key_id;
  if (!found.deployment) {
    // The key is on disk before the first row that needs it.
    FirstRootKey first = load_or_create_root_key(options);
    impl->deployment = random_uuid();
    const auto rows = impl->first_rows(first.key);
    const std::string deployment = impl->deployment;
    const Instant now = clock.now();
    bool lost = false;
    try {
      co_await database.write([&rows, &deployment, now](store::Connection& c) {
        store::insert_deployment(c, deployment, now);
        for (const auto& row : rows) store::insert_instance_key(c, row);
      });
    } catch (const store::UniqueViolation&) {
      lost = true;  // another server began this deployment at the same moment
    }
    if (!lost) {
      impl->first_start = true;
      impl->use_root_key(std::move(first.key), rows);
      co_return std::unique_ptr<Vault>(new Vault(std::move(impl)));
    }
    if (first.created) made_key_id = first.key.id;
    found = co_await database.read(look);
  }

  impl->deployment = found.deployment.value();
  std::optional<std::string> expected;
  for (const auto& row : found.keys)
    if (row.state == "active") expected = row.root_key_id;
  if (made_key_id && made_key_id != expected) std::filesystem::remove(options.file);
  RootKey root = load_root_key(options, expected);
  impl->use_root_key(std::move(root), found.keys);
  co_return std::unique_ptr<Vault>(new Vault(std::move(impl)));
}

Vault::Vault(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vault::~Vault() = default;

Task<store::Blob> Vault::seal(SecretAddress address, Secret text) {
  const auto key = co_await impl_->key_of(address.organization, 0);
  if (!key) throw Failure(not_found("no such organization"));
  co_await impl_->count_encryption(address.organization, key);
  co_return seal_text(key->key, u32(key->version), impl_->place_of(address, *key), text);
}

Task<Secret> Vault::open(SecretAddress address, store::Blob sealed) {
  const auto version = key_version_of(sealed.bytes);
  if (!version || *version == 0) throw Failure(impl_->tampered_secret(address));
  const auto key = co_await impl_->key_of(address.organization, *version);
  if (!key) throw Failure(impl_->tampered_secret(address));
  co_return impl_->open_under(*key, address, sealed).value();
}

std::optional<Result<Secret>> Vault::try_open(const SecretAddress& address,
                                              const store::Blob& sealed) {
  const auto version = key_version_of(sealed.bytes);
  if (!version || *version == 0) return Result<Secret>(impl_->tampered_secret(address));
  const auto key = impl_->cache.find(address.organization, *version, impl_->clock.now());
  if (!key) return std::nullopt;
  return impl_->open_under(*key, address, sealed);
}

store::Blob Vault::seal_instance(std::string_view name, const Secret& text) {
  const InstanceKeys& key = impl_->active();
  return seal_text(key.seal, u32(key.version), impl_->instance_place(name, key), text);
}

Result<Secret> Vault::open_instance(std::string_view name, const store::Blob& sealed) {
  const auto version = key_version_of(sealed.bytes);
  const auto key = version ? impl_->instance_keys.find(*version) : impl_->instance_keys.end();
  if (key != impl_->instance_keys.end())
    if (auto text =
            open_text(key->second.seal, impl_->instance_place(name, key->second), sealed.bytes))
      return *std::move(text);
  return tampered("secret", {{"slot", name}});
}

void Vault::create_organization_key(store::Connection& connection,
                                    const OrganizationId& organization) {
  const InstanceKeys& parent = impl_->active();
  const Secret key = random_key();
  const std::string id = key_id_of(key);
  const BoundTo place =
      wrap_place(impl_->deployment, parent.id, parent.version, organization.str(), 1);
  const BoundTo check = check_place(impl_->deployment, id);
  store::insert_organization_key(
      connection, organization,
      {.version = 1,
       .key_id = id,
       .state = "active",
       .instance_key_version = parent.version,
       .wrapped = wrap_key(parent.organization_wrap, u32(parent.version), place, key),
       .key_check = seal_text(key, 1, check, Secret(check_text)),
       .encryptions = 0,
       .created_at = impl_->clock.now()});
}

void Vault::forget(const OrganizationId& organization) { impl_->cache.forget(organization); }

Sha256 Vault::mac(KeyLabel label, std::string_view bytes) const {
  return mac_under(impl_->active().macs[static_cast<std::size_t>(label)], bytes);
}

Sha256 Vault::mac(KeyLabel label, const Secret& text) const {
  return mac_under(impl_->active().macs[static_cast<std::size_t>(label)], text);
}

Sha256 Vault::mac(KeyLabel label, const Secret& text, std::int64_t version) const {
  const auto key = impl_->instance_keys.find(version);
  if (key == impl_->instance_keys.end())
    throw Failure(Error{ErrorKind::internal, "an instance key is missing"});
  return mac_under(key->second.macs[static_cast<std::size_t>(label)], text);
}

std::int64_t Vault::mac_version() const { return impl_->active_version; }
const std::string& Vault::deployment_id() const { return impl_->deployment; }
bool Vault::is_first_start() const { return impl_->first_start; }
const std::string& Vault::root_key_location() const { return impl_->root_location; }

Task<KeyStatus> Vault::status() {
  struct Counted {
    std::vector<store::InstanceKeyRow> instance_keys;
    store::OrganizationKeyCounts organization_keys;
  };
  const Counted counted = co_await impl_->database.read([](store::Connection& c) {
    return Counted{store::list_instance_keys(c), store::count_organization_keys(c)};
  });
  KeyStatus status{.deployment_id = impl_->deployment,
                   .root_key_id = impl_->root_id,
                   .root_key_provider = impl_->root_provider,
                   .root_key_location = impl_->root_location,
                   .instance_keys = {},
                   .organization_keys = counted.organization_keys.keys,
                   .most_encryptions = counted.organization_keys.most_encryptions};
  for (const store::InstanceKeyRow& row : counted.instance_keys) {
    status.instance_keys.push_back({row.version, row.state, row.root_key_id, row.created_at});
    if (row.root_key_id != impl_->root_id) ++status.under_other_root;
  }
  co_return status;
}

}  // namespace fairlead::vault
