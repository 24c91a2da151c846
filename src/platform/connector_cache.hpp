// Connectors as an execute needs them, kept in memory, so that a call of a connector that was used
// a moment ago asks no database. Credentials stay sealed here.
#pragma once

#include "platform/services.hpp"
#include "store/connectors.hpp"

#include <mutex>
#include <unordered_map>

namespace fairlead::platform {

struct StoredConnector {
  OrganizationId organization;
  store::ConnectorRow row;
  store::CredentialRow credential;
  /// nullptr when this server no longer has the definition.
  const connector::CatalogueEntry* entry = nullptr;
  std::shared_ptr<const connector::Definition> definition;
  connector::ConfigValues config;  ///< environment and replication_config together

  vault::SecretAddress address() const { return address(credential.version); }
  vault::SecretAddress address(std::int64_t version) const {
    return {organization, row.workspace_id, row.id, "credentials", version};
  }
};
using StoredConnectorPtr = std::shared_ptr<const StoredConnector>;

/// Settings as a row holds them.
json::object object_of(const std::string& text);
/// What the engine reads settings from.
connector::ConfigValues merged_config(const json::object& environment,
                                      const json::object& replication_config);

/// Safe to use from any loop.
class ConnectorCache {
 public:
  explicit ConnectorCache(Services& services) : services_(services) {}

  /// nullptr when the organization has no such connector.
  Task<StoredConnectorPtr> find(OrganizationId organization, ConnectorId id);
  /// From the database, in any case.
  Task<StoredConnectorPtr> find_fresh(OrganizationId organization, ConnectorId id);

  /// Keeps what a call said of the health of `connector`, unless it was changed since it was read:
  /// of new credentials or settings that says nothing. Never fails: it is worth no call.
  Task<void> note_status(StoredConnectorPtr connector, std::string status,
                         std::optional<std::string> reason);

  /// To be called after every committed change of a connector or its credentials.
  void forget(const ConnectorId& id);
  /// After changes of many (a workspace).
  void forget_all();

 private:
  struct Entry {
    StoredConnectorPtr connector;
    Deadline fresh_until = Deadline::never();
  };
  Task<StoredConnectorPtr> load(OrganizationId organization, ConnectorId id);

  Services& services_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  /// A row that was read before a change must not be kept after it.
  std::uint64_t generation_ = 0;
};

}  // namespace fairlead::platform
