#include "platform/connector_cache.hpp"

#include "base/log.hpp"

namespace fairlead::platform {
namespace {

constexpr std::size_t most_entries = 10'000;
/// Other servers on the same database change connectors too; this is how long they go unnoticed.
constexpr std::chrono::seconds life_beside_others{2};

}  // namespace

json::object object_of(const std::string& text) {
  auto parsed = parse_json_object(text, "stored configuration");
  return parsed ? *std::move(parsed) : json::object();
}

connector::ConfigValues merged_config(const json::object& environment,
                                      const json::object& replication_config) {
  connector::ConfigValues merged = replication_config;
  for (const auto& member : environment) merged[member.key()] = member.value();
  return merged;
}

Task<StoredConnectorPtr> ConnectorCache::find(OrganizationId organization, ConnectorId id) {
  {
    const std::lock_guard lock(mutex_);
    const auto held = entries_.find(id.str());
    if (held != entries_.end() && !held->second.fresh_until.passed()) {
      // An id alone proves nothing: the organization is part of the question.
      const StoredConnectorPtr& connector = held->second.connector;
      co_return connector->organization == organization ? connector : nullptr;
    }
  }
  co_return co_await find_fresh(std::move(organization), std::move(id));
}

Task<StoredConnectorPtr> ConnectorCache::find_fresh(OrganizationId organization, ConnectorId id) {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
  }
  StoredConnectorPtr connector = co_await load(organization, id);
  if (!connector) co_return nullptr;
  const std::lock_guard lock(mutex_);
  if (generation == generation_) {
    if (entries_.size() >= most_entries) entries_.clear();
    const bool alone = services_.database.kind() == "sqlite";
    entries_.insert_or_assign(
        id.str(),
        Entry{connector, alone ? Deadline::never() : Deadline::after(life_beside_others)});
  }
  co_return connector;
}

Task<StoredConnectorPtr> ConnectorCache::load(OrganizationId organization, ConnectorId id) {
  struct Rows {
    std::optional<store::ConnectorRow> connector;
    std::optional<store::CredentialRow> credential;
  };
  auto rows = co_await services_.database.read([organization, id](store::Connection& connection) {
    return Rows{store::find_connector(connection, organization, id),
                store::find_credential(connection, organization, id)};
  });
  if (!rows.connector || !rows.credential) co_return nullptr;

  auto connector = std::make_shared<StoredConnector>(StoredConnector{
      .organization = organization, .row = *rows.connector, .credential = *rows.credential});
  connector->entry = services_.catalogue.find(connector->row.definition_id);
  if (connector->entry) connector->definition = services_.catalogue.get(connector->entry->slug);
  connector->config = merged_config(object_of(connector->row.environment),
                                    object_of(connector->row.replication_config));
  co_return connector;
}

Task<void> ConnectorCache::note_status(StoredConnectorPtr connector, std::string status,
                                       std::optional<std::string> reason) {
  const store::ConnectorRow& row = connector->row;
  bool noted = false;
  try {
    noted = co_await services_.database.write([connector, status, reason](store::Connection& c) {
      return store::set_connector_status(c, connector->organization, connector->row.id,
                                         connector->row.updated_at, status, reason);
    });
  } catch (const Failure& failure) {
    log::warning("connector.status_not_written", {{"connector", row.id}, {"why", failure.what()}});
    co_return;
  }
  forget(row.id);
  if (noted)
    log::info("connector.status",
              {{"connector", row.id}, {"status", status}, {"reason", reason.value_or("")}});
}

void ConnectorCache::forget(const ConnectorId& id) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  entries_.erase(id.str());
}

void ConnectorCache::forget_all() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  entries_.clear();
}

}  // namespace fairlead::platform
