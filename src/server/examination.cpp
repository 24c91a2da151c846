#include "server/examination.hpp"

#include "access/setup.hpp"
#include "base/task.hpp"
#include "store/doctor.hpp"

#include <fmt/format.h>

namespace fairlead::server {

std::vector<Finding> examine(const State& state) {
  std::vector<Finding> findings;
  for (const store::Fact& fact : run_to_end(store::facts(*state.database)))
    findings.push_back({fact.name, fact.advice.empty() ? "ok" : "note",
                        fact.advice.empty() ? fact.value : fact.value + ": " + fact.advice});
  findings.push_back({"write", run_to_end(state.database->is_writable()) ? "ok" : "bad", ""});
  const vault::KeyStatus keys = run_to_end(state.vault->status());
  findings.push_back(
      {"root key", "ok", fmt::format("{} ({})", keys.root_key_location, keys.root_key_id)});
  const bool claimed = run_to_end(access::is_claimed(*state.database));
  findings.push_back({"set up", claimed ? "ok" : "note",
                      claimed ? "there is an organization"
                              : "not yet: `fairlead serve` and `fairlead setup-url`, or "
                                "`fairlead init`"});
  return findings;
}

json::object key_status(const State& state) {
  const vault::KeyStatus status = run_to_end(state.vault->status());
  json::array instance_keys;
  for (const auto& key : status.instance_keys)
    instance_keys.push_back(json::object{{"version", key.version},
                                         {"state", key.state},
                                         {"root_key_id", key.root_key_id},
                                         {"created_at", to_rfc3339(key.created_at)}});
  return {{"deployment_id", status.deployment_id},
          {"root_key",
           {{"id", status.root_key_id},
            {"provider", status.root_key_provider},
            {"location", status.root_key_location}}},
          {"instance_keys", std::move(instance_keys)},
          {"organization_keys", status.organization_keys},
          {"most_encryptions_under_one_key", status.most_encryptions},
          {"under_other_root_key", status.under_other_root}};
}

json::array to_json(const std::vector<Finding>& findings) {
  json::array rows;
  for (const auto& one : findings)
    rows.push_back(
        json::object{{"check", one.check}, {"verdict", one.verdict}, {"detail", one.detail}});
  return rows;
}

std::vector<Finding> findings_of(const json::object& answer) {
  std::vector<Finding> findings;
  const json::value* rows = answer.if_contains("data");
  if (rows == nullptr || !rows->is_array())
    throw Failure(invalid("the server's findings are not understood; is it of the same version?"));
  for (const json::value& row : rows->get_array()) {
    const auto text = [&](std::string_view name) {
      const auto* found = row.is_object() ? find_string(row.get_object(), name) : nullptr;
      return found != nullptr ? std::string(view(*found)) : std::string();
    };
    findings.push_back({text("check"), text("verdict"), text("detail")});
  }
  return findings;
}

}  // namespace fairlead::server
