#include "connector/lint.hpp"

#include "connector/ascii.hpp"
#include "connector/lint_schema.hpp"
#include "connector/secret_patterns.hpp"
#include "connector/tool_schema.hpp"
#include "connector/wire_text.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace fairlead::connector {
namespace {

constexpr std::size_t longest_tool_name = 64;      // OpenAI and Gemini
constexpr std::size_t longest_description = 1024;  // OpenAI
constexpr std::size_t shortest_description = 16;
constexpr std::size_t most_per_code = 200;  // of one file; more tell nothing new

bool is_tool_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && (is_letter(name[0]) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

std::optional<Place> member_of(const Place& place, std::string_view key) {
  if (const auto* map = place.node->if_map())
    for (const YamlMember& member : *map)
      if (member.key == key) return place.member(member);
  return std::nullopt;
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Names that RFC 2606 and RFC 6761 keep for examples, and texts that stand for a name to come.
bool is_placeholder_host(std::string_view host) {
  for (const char* name : {"example.com", "example.org", "example.net"})
    if (host == name || host.ends_with("." + std::string(name))) return true;
  for (const char* ending : {".example", ".test", ".invalid"})
    if (host.ends_with(ending)) return true;
  return host == "localhost";
}

/// {name} and {{ name }} by the variables' defaults; nullopt when one has none.
std::optional<std::string> filled(std::string_view text, const Definition& definition) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view name = text.substr(1, close - 1);
    if (name.starts_with('{')) name.remove_prefix(1);
    name = trimmed(name);
    text.remove_prefix(close + 1);
    if (text.starts_with('}')) text.remove_prefix(1);
    const auto found =
        std::find_if(definition.variables.begin(), definition.variables.end(),
                     [&](const ServerVariable& variable) { return variable.name == name; });
    if (found == definition.variables.end() || found->default_value.empty()) return std::nullopt;
    out += found->default_value;
  }
  return out;
}

/// Calls `see` with each address; places live for the length of the call.
template <class See>
void for_each_address(const Place& root, See see) {
  const auto visit = [&](auto&& self, const Place& place) -> void {
    if (const auto* list = place.node->if_list())
      for (std::size_t i = 0; i < list->size(); ++i) self(self, place.element(i));
    if (const auto* map = place.node->if_map())
      for (const YamlMember& member : *map) self(self, place.member(member));
    for (const char* key : {"url", "authorizationUrl", "tokenUrl", "refreshUrl"})
      if (place.index < 0 && place.key == key && place.node->if_text()) see(place);
  };
  if (const auto servers = member_of(root, "servers"))
    if (const auto* list = servers->node->if_list(); list && !list->empty())
      visit(visit, servers->element(0));
  if (const auto components = member_of(root, "components"))
    if (const auto schemes = member_of(*components, "securitySchemes")) visit(visit, *schemes);
}

/// Comments of the form `# lint: allow CODE, CODE` and `# lint: allow-file CODE`.
class Allowances {
 public:
  explicit Allowances(std::string_view text) {
    int line = 1;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      read(text.substr(0, end), line++);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  bool hold(const Finding& finding) const {
    if (in_file_.contains(finding.code)) return true;
    for (const int line : {finding.line, finding.line - 1})
      if (const auto found = by_line_.find(line); found != by_line_.end())
        if (found->second.contains(finding.code)) return true;
    return false;
  }

 private:
  void read(std::string_view line, int number) {
    static constexpr std::string_view mark = "# lint: allow";
    const std::size_t at = line.find(mark);
    if (at == std::string_view::npos) return;
    line.remove_prefix(at + mark.size());
    const bool in_file = line.starts_with("-file");
    if (in_file) line.remove_prefix(5);
    std::set<std::string, std::less<>>& codes = in_file ? in_file_ : by_line_[number];
    line = line.substr(0, line.find('('));  // a reason may follow in parentheses
    while (!line.empty()) {
      const std::size_t first = line.find_first_not_of(" ,\t\r");
      if (first == std::string_view::npos) break;
      line.remove_prefix(first);
      const std::size_t end = std::min(line.find_first_of(" ,\t\r"), line.size());
      codes.emplace(line.substr(0, end));
      line.remove_prefix(end);
    }
  }

  std::set<std::string, std::less<>> in_file_;
  std::map<int, std::set<std::string, std::less<>>> by_line_;
};

class Linter {
 public:
  Linter(const YamlNode& root, const Definition& definition)
      : root_(Place::root(root)), definition_(definition), schemas_(root_, findings) {}

  void run() {
    check_hosts();
    if (const auto paths = member_of(root_, "paths")) check_paths(*paths);
    check_entities();
    check_secrets();
  }
  void check_secrets() { check_secrets(root_, ""); }

  std::vector<Finding> findings;

 private:
  void note(const Place& place, const char* code, std::string message, std::string advice) {
    findings.push_back({.code = code,
                        .line = place.line,
                        .column = place.column,
                        .path = place.path(),
                        .message = std::move(message),
                        .advice = std::move(advice)});
  }

  void check_hosts() {
    for_each_address(root_, [&](const Place& place) {
      const auto text = filled(*place.node->if_text(), definition_);
      const auto url = net::Url::parse(text.value_or(""));
      if (!url) return;
      if (is_placeholder_host(url->host))
        note(place, "placeholder-host", "the host " + url->host + " is only an example",
             "write the service's own host");
      else if (!url->https && !is_loopback_host(url->host))
        note(place, "plain-http", "credentials would travel unencrypted to " + url->host,
             "write https://");
    });
  }

  void check_paths(const Place& paths) {
    if (!paths.node->if_map()) return;
    for (const YamlMember& item : *paths.node->if_map()) {
      const Place path = paths.member(item);
      for (const char* method : {"get", "post", "put", "delete", "patch"})
        if (const auto found = member_of(path, method)) check_operation(*found, item.key);
    }
  }

  /// The operation that the loader made of this place; nullptr when a later one replaced it.
  const Operation* loaded(const Place& place, std::string_view label) const {
    for (const auto& one : definition_.operations)
      if (one->label == label && same_word(one->method, place.key)) return one.get();
    return nullptr;
  }

  void check_operation(const Place& place, std::string_view label) {
    const Operation* const operation = loaded(place, label);
    if (!operation) return;
    check_tool_name(place, *operation);
    check_description(place, *operation);
    check_paging(place, *operation);
    if (const auto list = member_of(place, "parameters"); list && list->node->if_list())
      for (std::size_t i = 0; i < list->node->if_list()->size(); ++i)
        check_parameter(list->element(i));
    if (const auto body = member_of(place, "requestBody"))
      if (const auto content = member_of(*body, "content"); content && content->node->if_map())
        for (const YamlMember& media : *content->node->if_map()) {
          const Place type = content->member(media);
          if (const auto schema = member_of(type, "schema")) schemas_.check_body(*schema);
        }
  }

  void check_tool_name(const Place& place, const Operation& operation) {
    const std::string name = tool_name(definition_, operation);
    if (name.size() > longest_tool_name)
      note(place, "tool-name-too-long",
           "the tool " + name + " has a name of " + std::to_string(name.size()) +
               " characters, and vendors take 64",
           "shorten the entity's name");
    if (!is_tool_name(name))
      note(place, "tool-name-characters", "the tool " + name + " has a name that vendors refuse",
           "write connector and entity with letters, digits, _ and - only");
    const auto [known, is_new] = tool_names_.try_emplace(name, place.line);
    if (!is_new)
      note(place, "tool-name-clash",
           "the tool " + name + " has the name of the one in line " + std::to_string(known->second),
           "rename one of the entities");
  }

  void check_description(const Place& place, const Operation& operation) {
    const std::string text = description_of(operation);
    if (is_blank(text))
      note(place, "missing-description", "has neither description nor summary",
           "say what it does and when it is the right one to call");
    else if (text.size() < shortest_description)
      note(place, "short-description", "the description '" + text + "' tells a model little",
           "say what it does and when it is the right one to call");
    else if (text.size() > longest_description)
      note(place, "long-description",
           "the description has " + std::to_string(text.size()) + " bytes; OpenAI takes 1024",
           "keep what helps to choose the tool, and move the rest to the parameters");
  }

  void check_paging(const Place& place, const Operation& operation) {
    if (operation.action != Action::list && operation.action != Action::search) return;
    if (operation.paging.style != Paging::Style::unknown || !operation.no_pagination.empty())
      return;
    note(place, "list-without-paging", "nobody can tell how its next page is asked for",
         "add x-fairlead-pagination, or x-airbyte-no-pagination with the reason");
  }

  void check_parameter(const Place& place) {
    const auto name = member_of(place, "name");
    const std::string* const text = name ? name->node->if_text() : nullptr;
    if (!text) return;
    if (!is_parameter_name(*text))
      note(*name, "parameter-name",
           "'" + text->substr(0, 80) +
               "' is no name that every vendor takes: Anthropic refuses the whole request",
           "1 to 64 letters, digits, _ . and - are expected");
    const auto schema = member_of(place, "schema");
    const YamlNode* said = place.node->find("description");
    if (!said && schema) said = schema->node->find("description");
    const std::string* const description = said ? said->if_text() : nullptr;
    if (!description || is_blank(*description))
      note(place, "missing-parameter-description",
           "the parameter '" + *text + "' has no description; a model has to guess",
           "say in a few words what it does, with an example where the form matters");
    else if (repeats_name(*description, *text))
      note(place, "empty-parameter-description",
           "the description of '" + *text + "' only repeats the name",
           "say what it does, which form it has, or which values are usual");
    else if (description->size() > longest_description)
      note(place, "long-parameter-description",
           "the description of '" + *text + "' has " + std::to_string(description->size()) +
               " bytes; it is sent with every call",
           "keep it under 1024");
    if (schema)
      schemas_.check(*schema);
    else
      note(place, "schema-no-type", "the parameter '" + *text + "' has no schema",
           "add `schema: {type: string}` or what it is");
  }

  /// Where the first operation of an entity stands.
  Place place_of_paths() const { return member_of(root_, "paths").value_or(root_); }

  void check_entities() {
    const Place paths = place_of_paths();
    bool has_probe = definition_.info_extensions.contains("x-fairlead-probe");
    for (const auto& operation : definition_.operations)
      has_probe = has_probe || is_probe(*operation);
    if (!has_probe)
      note(paths, "no-probe",
           "no operation can check whether credentials work: none is marked, and no list can be "
           "called without parameters",
           "mark one that only reads with x-airbyte-preferred-for-check: true");
    for (const Entity& entity : definition_.entities) check_readable(entity, paths);
  }

  static bool reads(const Operation& one) {
    return one.action == Action::list || one.action == Action::get ||
           one.action == Action::search || one.action == Action::download;
  }

  /// What is below a readable record, such as /pulls/{number}/merge, is an action on it.
  bool acts_on_readable(const Operation& operation) const {
    return std::any_of(definition_.operations.begin(), definition_.operations.end(),
                       [&](const auto& other) {
                         return reads(*other) && operation.label.starts_with(other->label + "/");
                       });
  }

  void check_readable(const Entity& entity, const Place& paths) {
    const bool fine =
        std::any_of(entity.operations.begin(), entity.operations.end(),
                    [this](const Operation* one) { return reads(*one) || acts_on_readable(*one); });
    if (fine) return;
    const Operation& first = *entity.operations.front();
    const auto item = member_of(paths, first.label);
    const auto place = item ? member_of(*item, ascii_lower(first.method)) : std::nullopt;
    note(place ? *place : paths, "entity-without-read",
         "nothing reads the entity '" + entity.name + "', so an agent cannot see what it changes",
         "add list, get or search, or make it an action of the entity it belongs to");
  }

  static bool is_probe(const Operation& operation) {
    if (operation.preferred_for_check || operation.extensions.contains("x-fairlead-probe"))
      return true;
    if (operation.action != Action::list) return false;
    return std::none_of(
        operation.parameters.begin(), operation.parameters.end(), [](const Parameter& one) {
          if (one.in == Location::path) return true;
          return one.in == Location::query && one.required && !one.default_value && !one.inject;
        });
  }

  void check_secrets(const Place& place, std::string_view name) {
    if (const auto* list = place.node->if_list())
      for (std::size_t i = 0; i < list->size(); ++i) check_secrets(place.element(i), name);
    if (const auto* map = place.node->if_map())
      for (const YamlMember& member : *map) check_secrets(place.member(member), member.key);
    const std::string* const text = place.node->if_text();
    const auto what = text ? secret_in(name, *text) : std::nullopt;
    if (what)
      note(place, "secret", "holds what looks like " + std::string(*what),
           "take it out, revoke it where it is real, and write a value that is plainly fake");
  }

  const Place root_;
  const Definition& definition_;
  SchemaLinter schemas_;
  std::map<std::string, int> tool_names_;
};

std::vector<Finding> without_allowed(std::vector<Finding> findings, std::string_view text) {
  const Allowances allowances(text);
  std::erase_if(findings, [&](const Finding& one) {
    return one.severity == Finding::Severity::warning && allowances.hold(one);
  });
  std::map<std::string, std::size_t> counts;
  std::erase_if(findings, [&](const Finding& one) { return ++counts[one.code] > most_per_code; });
  sort_by_line(findings);
  return findings;
}

}  // namespace

std::vector<Finding> lint(std::string_view text, const LoadReport& report) {
  std::vector<Finding> findings = findings_of(report);
  const auto tree = read_yaml(text);
  if (!report.definition || !tree) return findings;
  Linter linter(*tree->root, *report.definition);
  linter.run();
  findings.insert(findings.end(), linter.findings.begin(), linter.findings.end());
  return without_allowed(std::move(findings), text);
}

std::vector<Finding> lint_for_secrets(std::string_view text) {
  const auto tree = read_yaml(text);
  if (!tree) return {};
  const Definition none{};
  Linter linter(*tree->root, none);
  linter.check_secrets();
  return without_allowed(std::move(linter.findings), text);
}

std::vector<NamedHost> hosts_of(std::string_view text, const Definition& definition) {
  std::vector<NamedHost> out;
  const auto tree = read_yaml(text);
  if (!tree) return out;
  std::set<std::string> seen;
  for_each_address(Place::root(*tree->root), [&](const Place& place) {
    const auto address = filled(*place.node->if_text(), definition);
    const auto url = net::Url::parse(address.value_or(""));
    if (url && seen.insert(url->origin()).second)
      out.push_back({url->origin(), place.line, place.column, place.path()});
  });
  return out;
}

}  // namespace fairlead::connector
