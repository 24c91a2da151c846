#include "platform/connectors.hpp"

#include "base/log.hpp"
#include "base/suggestion.hpp"
#include "connector/memory_credentials.hpp"
#include "platform/credential_bundle.hpp"
#include "platform/cursor.hpp"
#include "platform/sealed_credentials.hpp"
#include "platform/unbroken.hpp"

namespace fairlead::platform {
namespace {

using access::Right;
using connector::CatalogueEntry;
using connector::Definition;
using connector::MemoryCredentials;

std::string name_of(const CatalogueEntry& entry) {
  return entry.display_name.empty() ? entry.name : entry.display_name;
}

std::optional<std::string> text_of(const std::optional<json::array>& entities) {
  if (!entities) return std::nullopt;
  return json::serialize(*entities);
}

Error rejected(const Probe& probe) {
  Error error =
      invalid_field("credentials", "the service refused these credentials: " + probe.message,
                    "credentials_rejected");
  error.code = "credentials_rejected";
  error.upstream_status = probe.upstream_status;
  return error;
}

/// Which way to authenticate is chosen together with the credentials; what GET answered may be sent
/// back.
std::optional<Error> refusal_of_scheme(const std::string& wanted, const store::ConnectorRow& row) {
  if (wanted.empty() || wanted == row.auth_scheme) return std::nullopt;
  return invalid_field("auth_scheme",
                       "this connector authenticates by '" + row.auth_scheme +
                           "'; give the credentials of another way together with its name",
                       "invalid");
}

constexpr const char* changed_meanwhile = "changed_meanwhile";

Error being_changed() {
  return {.kind = ErrorKind::conflict,
          .message = "the connector is being changed by others; try again"};
}

/// Moves secrets among the settings to the credentials.
void gather_secrets(const Definition& definition, ConnectorChange& change) {
  connector::CredentialFields found;
  for (auto* settings : {&change.environment, &change.replication_config})
    if (*settings) move_secrets(definition, **settings, found);
  if (found.empty()) return;
  if (!change.credentials) change.credentials.emplace();
  change.credentials->merge(found);
}

ConnectorChange duplicate(const ConnectorChange& change) {
  ConnectorChange copy{.name = change.name,
                       .credentials = {},
                       .auth_scheme = change.auth_scheme,
                       .environment = change.environment,
                       .replication_config = change.replication_config,
                       .entities = change.entities,
                       .validate = change.validate};
  if (change.credentials) copy.credentials = connector::duplicate(*change.credentials);
  return copy;
}

Error workspace_inactive() {
  return {.kind = ErrorKind::forbidden,
          .message = "the workspace is inactive",
          .code = "workspace_inactive"};
}

/// What a probe says about a connector that works or does not.
std::string status_after(Probe::Verdict verdict) {
  switch (verdict) {
    case Probe::Verdict::accepted:
      return "ready";
    case Probe::Verdict::refused:
      return "needs_reauth";
    case Probe::Verdict::unreachable:
    case Probe::Verdict::denied:
    case Probe::Verdict::skipped:
      return "unverified";
  }
  return "unverified";
}

std::optional<std::string> reason_of(const Probe& probe) {
  if (probe.message.empty()) return std::nullopt;
  return probe.message;
}

}  // namespace

struct Connectors::Checked {
  const CatalogueEntry* entry;
  std::shared_ptr<const Definition> definition;
};

struct Connectors::Changed {
  store::ConnectorRow row;
  std::optional<Secret> bundle;  ///< new credentials
  bool says_status = false;      ///< row.status is news
};

/// What was given is what is stored already.
bool Connectors::changes_nothing(const store::ConnectorRow& row, const Changed& changed) {
  const auto same = [](const std::string& before, const std::string& after) {
    return before == after || object_of(before) == object_of(after);
  };
  return !changed.bundle && !changed.says_status && changed.row.name == row.name &&
         changed.row.entities == row.entities && same(row.environment, changed.row.environment) &&
         same(row.replication_config, changed.row.replication_config);
}

Result<Connectors::Checked> Connectors::check_input(AddConnector& command) const {
  const CatalogueEntry* entry = services_.catalogue.find(command.service);
  if (!entry) {
    std::vector<std::string> names;
    for (const auto& known : services_.catalogue.entries()) names.push_back(known.slug);
    Error error = not_found("there is no service '" + command.service + "'" +
                            did_you_mean(command.service, names));
    error.fields.push_back({command.service_field, error.message, "not_found"});
    return error;
  }
  Checked checked{entry, services_.catalogue.get(entry->slug)};
  if (auto sorted = sort_credentials(*checked.definition, command.input); !sorted)
    return std::move(sorted).error();
  if (auto settings = check_settings(*checked.definition, command.input.auth_scheme,
                                     command.input.environment, command.input.replication_config);
      !settings)
    return std::move(settings).error();
  if (command.entities)
    if (auto entities = check_entities(*checked.definition, *command.entities); !entities)
      return std::move(entities).error();
  return checked;
}

Task<Result<std::optional<access::Workspace>>> Connectors::find_workspace(
    const Caller& caller, const std::optional<access::WorkspaceName>& name) {
  access::Workspaces& workspaces = services_.access.workspaces();
  if (caller.workspace()) {
    auto own = co_await workspaces.find(caller, *caller.workspace());
    if (!own) co_return std::move(own).error();
    if (name && *name != own->name) co_return no_such_workspace();
    co_return std::optional(*std::move(own));
  }
  if (!name)
    co_return invalid_field("workspace_name", "name the workspace that gets the connector",
                            "missing");
  auto found = co_await workspaces.find_by_name(caller, *name);
  if (found) co_return std::optional(*std::move(found));
  if (found.error().kind != ErrorKind::not_found) co_return std::move(found).error();
  co_return std::optional<access::Workspace>();
}

Task<Result<access::Workspace>> Connectors::workspace_to_add_to(
    Caller caller, std::optional<access::Workspace> found,
    std::optional<access::WorkspaceName> name) {
  if (!found) {
    auto made = co_await services_.access.workspaces().find_or_create(caller, *std::move(name));
    if (!made) co_return std::move(made).error();
    found = *std::move(made);
  }
  if (found->status != access::WorkspaceStatus::active) co_return workspace_inactive();
  co_return *std::move(found);
}

Task<Result<ConnectorView>> Connectors::add(Caller caller, AddConnector command,
                                            Deadline deadline) {
  auto whole = add_whole(std::move(caller), std::move(command), deadline);
  co_return co_await unbroken(std::move(whole));
}

Task<Result<ConnectorView>> Connectors::add_whole(Caller caller, AddConnector command,
                                                  Deadline deadline) {
  if (auto allowed = access::check_right(caller, Right::manage_connectors); !allowed)
    co_return std::move(allowed).error();
  auto workspace = co_await find_workspace(caller, command.workspace);
  if (!workspace) co_return std::move(workspace).error();
  if (*workspace && (*workspace)->status != access::WorkspaceStatus::active)
    co_return workspace_inactive();
  if (!command.idempotency)
    co_return co_await store_new(caller, std::move(command), *std::move(workspace), deadline);

  std::string scope = "workspace:" + (*workspace ? (*workspace)->name : *command.workspace).str();
  auto claim = co_await idempotency_.claim(caller.organization(), std::move(scope),
                                           *std::move(command.idempotency));
  if (!claim) co_return std::move(claim).error();
  if (claim->stored_outcome) {
    const ConnectorId made = ConnectorId::trusted(*claim->stored_outcome);
    // Who may make a connector may see the one it made.
    auto replayed = co_await reach(caller, made, Right::manage_connectors);
    if (!replayed) co_return std::move(replayed).error();
    ConnectorView view = view_of(caller.organization(), (*replayed)->row);
    view.replayed = true;
    co_return view;
  }
  Result<ConnectorView> added = Error{};
  try {
    added = co_await store_new(caller, std::move(command), *std::move(workspace), deadline);
  } catch (const Failure& failure) {
    added = failure.error();
  } catch (const std::exception& unexpected) {
    added = Error{.kind = ErrorKind::internal, .message = {}, .detail = unexpected.what()};
  }
  try {
    if (added)
      co_await idempotency_.done(*std::move(claim), added->row.id.str());
    else
      co_await idempotency_.release(*std::move(claim));
  } catch (const std::exception& failure) {
    log::error("idempotency.not_stored", {{"why", failure.what()}});
  }
  co_return std::move(added);
}

Task<Result<ConnectorView>> Connectors::store_new(Caller caller, AddConnector command,
                                                  std::optional<access::Workspace> workspace,
                                                  Deadline deadline) {
  auto checked = check_input(command);
  if (!checked) co_return std::move(checked).error();
  ConnectionInput& input = command.input;

  MemoryCredentials tried(connector::duplicate(input.credentials));
  Probe probed;
  if (command.validate)
    probed = co_await probe(services_, *checked->definition,
                            merged_config(input.environment, input.replication_config),
                            input.auth_scheme, tried, caller.organization().str(), deadline);
  if (probed.verdict == Probe::Verdict::refused) co_return rejected(probed);

  // Only now, so that what is refused leaves no workspace behind.
  auto target = co_await workspace_to_add_to(caller, std::move(workspace), command.workspace);
  if (!target) co_return std::move(target).error();

  const Instant now = services_.clock.now();
  store::ConnectorRow row{.id = ConnectorId::random(),
                          .workspace_id = target->id,
                          .definition_id = checked->entry->id,
                          .name = {},
                          .created_at = now,
                          .updated_at = now};
  row.workspace_name = target->name.str();
  row.name = command.name.value_or(name_of(*checked->entry) + " - " + row.workspace_name);
  row.environment = json::serialize(input.environment);
  row.replication_config = json::serialize(input.replication_config);
  row.entities = text_of(command.entities);
  row.auth_scheme = input.auth_scheme;
  row.status = status_after(probed.verdict);
  row.status_reason = reason_of(probed);

  static const connector::TokenState none;
  const connector::TokenState& tokens = tried.renewed() ? *tried.renewed() : none;
  store::CredentialRow credential{.version = 1, .sealed = {}};
  vault::SecretAddress address{caller.organization(), row.workspace_id, row.id, "credentials", 1};
  credential.sealed =
      co_await services_.vault.seal(std::move(address), write_bundle(input.credentials, tokens));
  const bool stored = co_await services_.database.write(
      [organization = caller.organization(), row, credential](store::Connection& connection) {
        return store::insert_connector(connection, organization, row, credential);
      });
  if (!stored)
    co_return Error{.kind = ErrorKind::conflict,
                    .message = "the workspace was deleted while the connector was being made"};
  log::info("connector.created", {{"connector", row.id},
                                  {"organization", caller.organization()},
                                  {"service", checked->entry->slug},
                                  {"status", row.status}});
  co_return view_of(caller.organization(), std::move(row));
}

Task<Result<CheckReport>> Connectors::check_new(Caller caller, AddConnector command,
                                                Deadline deadline) {
  if (auto allowed = access::check_right(caller, Right::manage_connectors); !allowed)
    co_return std::move(allowed).error();
  if (command.workspace || caller.workspace()) {
    auto workspace = co_await find_workspace(caller, command.workspace);
    if (!workspace) co_return std::move(workspace).error();
  }
  auto checked = check_input(command);
  if (!checked) co_return std::move(checked).error();
  const ConnectionInput& input = command.input;
  MemoryCredentials tried(connector::duplicate(input.credentials));
  CheckReport report{.id = random_uuid(), .probe = {}, .at = services_.clock.now()};
  report.probe = co_await probe(services_, *checked->definition,
                                merged_config(input.environment, input.replication_config),
                                input.auth_scheme, tried, caller.organization().str(), deadline);
  co_return report;
}

Task<Result<Connectors::Page>> Connectors::list(Caller caller, Query query) {
  if (auto allowed = access::check_right(caller, Right::list_connectors); !allowed)
    co_return std::move(allowed).error();
  if (query.workspace_name) {
    access::Workspaces& workspaces = services_.access.workspaces();
    auto found = co_await workspaces.find_by_name(caller, *query.workspace_name);
    if (!found) co_return co_await workspaces.unknown_name(caller, *query.workspace_name);
    if (query.workspace && *query.workspace != found->id) co_return no_such_workspace();
    query.workspace = found->id;
  } else if (query.workspace) {
    auto found = co_await services_.access.workspaces().find(caller, *query.workspace);
    if (!found) co_return std::move(found).error();
  }

  store::ConnectorListing listing{
      .workspace = caller.workspace() ? caller.workspace() : query.workspace,
      .definition_id = query.definition_id,
      .after = {},
      .limit = {}};
  if (query.limit) listing.limit = static_cast<std::int64_t>(*query.limit) + 1;
  if (query.cursor) {
    auto place = open_cursor(services_.vault, caller.organization(), "connectors", *query.cursor);
    if (!place) co_return std::move(place).error();
    auto parts = split_place(*place);
    if (!parts) co_return std::move(parts).error();
    listing.after = store::ConnectorPlace{parts->first, parts->second};
  }
  auto rows = co_await services_.database.read(
      [organization = caller.organization(), listing](store::Connection& connection) {
        return store::list_connectors(connection, organization, listing);
      });
  Page page;
  if (query.limit && rows.size() > *query.limit) {
    rows.pop_back();
    page.next_cursor = seal_cursor(
        services_.vault, caller.organization(), "connectors",
        join_place(rows.back().created_at.time_since_epoch().count(), rows.back().id.str()));
  }
  for (auto& row : rows) page.connectors.push_back(view_of(caller.organization(), std::move(row)));
  co_return page;
}

Task<Result<Connectors::Numbered>> Connectors::list_all(Caller caller, std::size_t limit,
                                                        std::size_t offset) {
  if (auto allowed = access::check_right(caller, Right::list_connectors); !allowed)
    co_return std::move(allowed).error();
  const store::ConnectorListing listing{.workspace = caller.workspace(),
                                        .definition_id = {},
                                        .after = {},
                                        .limit = static_cast<std::int64_t>(limit),
                                        .offset = static_cast<std::int64_t>(offset)};
  Numbered page;
  auto rows = co_await services_.database.read(
      [organization = caller.organization(), listing](store::Connection& connection) {
        return std::pair(store::list_connectors(connection, organization, listing),
                         store::count_connectors(connection, organization, listing.workspace));
      });
  page.total = rows.second;
  for (auto& row : rows.first)
    page.connectors.push_back(view_of(caller.organization(), std::move(row)));
  co_return page;
}

Task<Result<StoredConnectorPtr>> Connectors::reach(Caller caller, ConnectorId id, Right right) {
  if (auto allowed = access::check_right(caller, right); !allowed)
    co_return std::move(allowed).error();
  auto connector = co_await cache_.find(caller.organization(), std::move(id));
  if (!connector || !caller.reaches(connector->row.workspace_id)) co_return no_such_connector();
  co_return std::move(connector);
}

Task<Result<ConnectorView>> Connectors::find(Caller caller, ConnectorId id) {
  auto found = co_await reach(caller, std::move(id), Right::read_connectors);
  if (!found) co_return std::move(found).error();
  co_return view_of(caller.organization(), (*found)->row);
}

Task<Result<ConnectorView>> Connectors::update(Caller caller, ConnectorId id,
                                               ConnectorChange change, Deadline deadline) {
  auto whole = update_whole(std::move(caller), std::move(id), std::move(change), deadline);
  co_return co_await unbroken(std::move(whole));
}

Task<Result<ConnectorView>> Connectors::update_whole(Caller caller, ConnectorId id,
                                                     ConnectorChange change, Deadline deadline) {
  auto found = co_await reach(caller, id, Right::manage_connectors);
  if (!found) co_return std::move(found).error();
  StoredConnectorPtr stored = *found;
  if (!stored->definition)
    co_return Error{.kind = ErrorKind::conflict,
                    .message = "this server no longer has the definition of this connector"};

  gather_secrets(*stored->definition, change);
  std::optional<Changed> changed;
  for (int tries = 0; tries < 3; ++tries) {
    ConnectorChange wanted = duplicate(change);
    auto applied = co_await apply(stored, std::move(wanted), std::move(changed), deadline);
    if (!applied) co_return std::move(applied).error();
    changed = *std::move(applied);
    if (changes_nothing(stored->row, *changed))
      co_return view_of(caller.organization(), stored->row);
    const bool written = co_await store_change(stored, *changed);
    cache_.forget(id);
    if (written) {
      if (changed->bundle) {
        renewals_.forget_failure(id.str());
        co_await services_.database.forget_deleted();
      }
      log::info("connector.updated",
                {{"connector", id}, {"credentials", changed->bundle ? "replaced" : "kept"}});
      co_return view_of(caller.organization(), std::move(changed->row));
    }
    // Another change or a renewal came between: once more on top of it.
    stored = co_await cache_.find_fresh(caller.organization(), id);
    if (!stored) co_return no_such_connector();
    if (!stored->definition) co_return being_changed();
  }
  co_return being_changed();
}

Task<bool> Connectors::store_change(StoredConnectorPtr stored, const Changed& changed) {
  std::optional<store::CredentialRow> credential;
  if (changed.bundle) {
    credential = store::CredentialRow{.version = stored->credential.version + 1, .sealed = {}};
    Secret text = changed.bundle->duplicate();
    credential->sealed =
        co_await services_.vault.seal(stored->address(credential->version), std::move(text));
  }
  try {
    co_await services_.database.write(
        [organization = stored->organization, seen = stored->row.updated_at, row = changed.row,
         says_status = changed.says_status, credential](store::Connection& connection) {
          const bool is_on_top =
              store::update_connector(connection, organization, row, seen) &&
              (!credential || store::replace_credential(connection, organization, row.id,
                                                        *credential, row.updated_at));
          // Thrown, so that nothing of it stays.
          if (!is_on_top) throw Failure(Error{ErrorKind::conflict, "", changed_meanwhile});
          if (says_status)
            store::set_connector_status(connection, organization, row.id, row.updated_at,
                                        row.status, row.status_reason);
        });
  } catch (const Failure& failure) {
    if (failure.error().code != changed_meanwhile) throw;
    co_return false;
  }
  co_return true;
}

Task<Result<Connectors::Changed>> Connectors::apply(StoredConnectorPtr stored,
                                                    ConnectorChange change,
                                                    std::optional<Changed> before,
                                                    Deadline deadline) {
  const Definition& definition = *stored->definition;
  Changed changed{.row = stored->row, .bundle = {}};
  store::ConnectorRow& row = changed.row;
  ConnectionInput input;
  const bool new_credentials = change.credentials.has_value();
  if (new_credentials)
    input.credentials = *std::move(change.credentials);
  else if (auto refused = refusal_of_scheme(change.auth_scheme, row))
    co_return *std::move(refused);
  input.auth_scheme = std::move(change.auth_scheme);
  input.environment =
      change.environment ? *std::move(change.environment) : object_of(stored->row.environment);
  input.replication_config = change.replication_config ? *std::move(change.replication_config)
                                                       : object_of(stored->row.replication_config);
  if (new_credentials) {
    if (auto sorted = sort_credentials(definition, input); !sorted)
      co_return std::move(sorted).error();
    row.auth_scheme = input.auth_scheme;
  }
  if (auto settings =
          check_settings(definition, row.auth_scheme, input.environment, input.replication_config);
      !settings)
    co_return std::move(settings).error();
  const auto config = merged_config(input.environment, input.replication_config);
  if (!new_credentials)
    if (auto stays = check_destination(definition, row.auth_scheme, stored->config, config); !stays)
      co_return std::move(stays).error();
  if (change.entities && *change.entities)
    if (auto entities = check_entities(definition, **change.entities); !entities)
      co_return std::move(entities).error();

  if (change.name) row.name = *std::move(change.name);
  if (change.entities) row.entities = text_of(*change.entities);
  row.environment = json::serialize(input.environment);
  row.replication_config = json::serialize(input.replication_config);

  // Later than what it replaces, even within a tick of the clock.
  row.updated_at = std::max(services_.clock.now(), stored->row.updated_at + Instant::duration(1));

  if (!new_credentials) {
    // Nobody has tried the new settings yet.
    const bool worked = row.status == "ready" || row.status == "degraded";
    changed.says_status = worked && config != stored->config;
    if (changed.says_status) {
      row.status = "unverified";
      row.status_reason.reset();
    }
    co_return std::move(changed);
  }
  changed.says_status = true;
  if (before) {  // tried already; a refresh token may be good only once
    if (before->row.environment != row.environment ||
        before->row.replication_config != row.replication_config)
      co_return being_changed();
    row.status = before->row.status;
    row.status_reason = before->row.status_reason;
    changed.bundle = std::move(before->bundle);
    co_return std::move(changed);
  }
  MemoryCredentials tried(connector::duplicate(input.credentials));
  Probe probed;
  if (change.validate)
    probed = co_await probe(services_, definition, config, row.auth_scheme, tried,
                            stored->organization.str(), deadline);
  if (probed.verdict == Probe::Verdict::refused) co_return rejected(probed);
  row.status = status_after(probed.verdict);
  row.status_reason = reason_of(probed);
  static const connector::TokenState none;
  changed.bundle = write_bundle(input.credentials, tried.renewed() ? *tried.renewed() : none);
  co_return std::move(changed);
}

Task<Result<CheckReport>> Connectors::check(Caller caller, ConnectorId id, ConnectorChange change,
                                            Deadline deadline) {
  auto found = co_await reach(caller, id, Right::manage_connectors);
  if (!found) co_return std::move(found).error();
  const StoredConnectorPtr stored = *found;
  if (!stored->row.workspace_active) co_return workspace_inactive();
  if (!stored->definition)
    co_return Error{.kind = ErrorKind::conflict,
                    .message = "this server no longer has the definition of this connector"};

  if (change.entities && *change.entities)
    if (auto known = check_entities(*stored->definition, **change.entities); !known)
      co_return std::move(known).error();

  CheckReport report{.id = random_uuid(), .probe = {}, .at = services_.clock.now()};
  const bool other_settings = change.environment || change.replication_config;
  gather_secrets(*stored->definition, change);
  ConnectionInput input;
  input.environment =
      change.environment ? *std::move(change.environment) : object_of(stored->row.environment);
  input.replication_config = change.replication_config ? *std::move(change.replication_config)
                                                       : object_of(stored->row.replication_config);
  const bool other_credentials = change.credentials.has_value();
  input.auth_scheme = stored->row.auth_scheme;
  if (other_credentials) {
    input.credentials = *std::move(change.credentials);
    input.auth_scheme = std::move(change.auth_scheme);
    if (auto sorted = sort_credentials(*stored->definition, input); !sorted)
      co_return std::move(sorted).error();
  } else if (auto refused = refusal_of_scheme(change.auth_scheme, stored->row)) {
    co_return *std::move(refused);
  }
  if (auto settings = check_settings(*stored->definition, input.auth_scheme, input.environment,
                                     input.replication_config);
      !settings)
    co_return std::move(settings).error();

  const auto config = merged_config(input.environment, input.replication_config);
  if (!other_credentials)
    if (auto stays =
            check_destination(*stored->definition, input.auth_scheme, stored->config, config);
        !stays)
      co_return std::move(stays).error();
  if (other_credentials) {
    MemoryCredentials tried(std::move(input.credentials));
    report.probe = co_await probe(services_, *stored->definition, config, input.auth_scheme, tried,
                                  stored->organization.str(), deadline);
  } else {
    SealedCredentials credentials(services_, cache_, renewals_, stored);
    report.probe = co_await probe(services_, *stored->definition, config, input.auth_scheme,
                                  credentials, stored->organization.str(), deadline);
  }
  if (!other_credentials && !other_settings) co_await note_probe(stored, report.probe);
  co_return report;
}

Task<void> Connectors::note_probe(StoredConnectorPtr stored, Probe probed) {
  using Verdict = Probe::Verdict;
  std::string status = stored->row.status;
  if (probed.verdict == Verdict::accepted || probed.verdict == Verdict::refused)
    status = status_after(probed.verdict);
  else if (probed.verdict != Verdict::skipped && status == "ready")
    status = "degraded";
  co_await cache_.note_status(std::move(stored), std::move(status), reason_of(probed));
}

Task<Result<std::string>> Connectors::remove(Caller caller, ConnectorId id) {
  auto whole = remove_whole(std::move(caller), std::move(id));
  co_return co_await unbroken(std::move(whole));
}

Task<Result<std::string>> Connectors::remove_whole(Caller caller, ConnectorId id) {
  auto found = co_await reach(caller, id, Right::manage_connectors);
  if (!found) co_return std::move(found).error();
  const store::JobRow job{.id = random_uuid(),
                          .workspace_id = (*found)->row.workspace_id,
                          .kind = "delete_connector",
                          .status = "running",
                          .connector_id = id,
                          .created_at = services_.clock.now(),
                          .finished_at = {}};
  const bool deleted = co_await services_.database.write(
      [organization = caller.organization(), id, job](store::Connection& connection) {
        if (!store::delete_connector(connection, organization, id)) return false;
        store::insert_job(connection, organization, job);
        return true;
      });
  cache_.forget(id);
  if (!deleted) co_return no_such_connector();
  log::info("connector.deleted", {{"connector", id}, {"organization", caller.organization()}});

  co_await services_.database.forget_deleted();
  co_await services_.database.write([organization = caller.organization(), job_id = job.id,
                                     now = services_.clock.now()](store::Connection& connection) {
    store::finish_job(connection, organization, job_id, "succeeded", now);
  });
  co_return job.id;
}

Task<Result<store::JobRow>> Connectors::find_job(Caller caller, std::string id) {
  if (auto allowed = access::check_right(caller, Right::manage_connectors); !allowed)
    co_return std::move(allowed).error();
  auto job = co_await services_.database.read(
      [organization = caller.organization(), id](store::Connection& connection) {
        return store::find_job(connection, organization, id);
      });
  if (!job || !caller.reaches(job->workspace_id)) co_return not_found("there is no such job");
  co_return *std::move(job);
}

Task<void> Connectors::finish_jobs(OrganizationId organization) {
  // The log of the database was emptied when it was opened after the crash.
  co_await services_.database.write(
      [organization, now = services_.clock.now()](store::Connection& connection) {
        store::finish_running_jobs(connection, organization, now);
      });
}

Task<Result<access::DeletedWorkspace>> Connectors::remove_workspace(Caller caller, WorkspaceId id) {
  auto removed = co_await services_.access.workspaces().remove(
      caller, id,
      [](store::Connection& connection, const OrganizationId& organization,
         const WorkspaceId& workspace) {
        store::delete_connectors_of(connection, organization, workspace);
      });
  cache_.forget_all();
  if (removed) co_await services_.database.forget_deleted();
  co_return std::move(removed);
}

Task<Result<access::Workspace>> Connectors::update_workspace(Caller caller, WorkspaceId id,
                                                             access::WorkspaceChange change) {
  auto updated =
      co_await services_.access.workspaces().update(caller, std::move(id), std::move(change));
  cache_.forget_all();
  co_return std::move(updated);
}

ConnectorView Connectors::view_of(const OrganizationId& organization,
                                  store::ConnectorRow row) const {
  ConnectorView view{.organization = organization, .row = std::move(row)};
  if (const CatalogueEntry* entry = services_.catalogue.find(view.row.definition_id)) {
    view.slug = entry->slug;
    view.service_name = name_of(*entry);
  } else {
    view.warnings.push_back("this server no longer has the definition of this connector");
  }
  view.environment = object_of(view.row.environment);
  view.replication_config = object_of(view.row.replication_config);
  if (view.row.entities)
    if (auto entities = parse_json(*view.row.entities); entities && entities->is_array())
      view.entities = entities->get_array();
  if (view.row.status != "ready" && view.row.status_reason)
    view.warnings.push_back(*view.row.status_reason);
  return view;
}

}  // namespace fairlead::platform
