// validate and lint
#include "base/task.hpp"
#include "cli/output.hpp"
#include "connector/lint.hpp"
#include "connector/offer.hpp"
#include "net/http_client.hpp"
#include "server/author_commands.hpp"
#include "server/definition_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace fairlead::server {
namespace {

using connector::Finding;

constexpr int not_valid = 4, found_warnings = 1;
constexpr std::chrono::seconds longest_connect{10};

/// What was found in one file of the command line.
struct Checked {
  std::string label;
  std::vector<Finding> findings;
  std::shared_ptr<const connector::Definition> definition;
  std::string text;
  std::filesystem::path folder;

  bool is_valid() const { return definition != nullptr; }
};

Checked open_and_load(const std::string& name) {
  auto file = open_definition(name);
  if (!file) {
    Finding finding;
    finding.severity = Finding::Severity::error;
    finding.code = "unreadable-file";
    finding.message = file.error().message;
    finding.advice = "give the path of a connector.yaml";
    return {name, {finding}, nullptr, {}, {}};
  }
  connector::LoadReport report = connector::examine_definition(file->text);
  return {file->label, connector::findings_of(report), report.definition, std::move(file->text),
          std::move(file->folder)};
}

void print_all(const std::vector<Checked>& files, FindingForm form, const json::object& totals) {
  if (form == FindingForm::json) {
    json::array out;
    for (const Checked& file : files) {
      json::array findings;
      for (const Finding& finding : file.findings) findings.push_back(to_json(finding));
      json::object one{{"file", file.label}, {"valid", file.is_valid()}};
      if (file.is_valid()) {
        one["connector"] = file.definition->name;
        one["version"] = file.definition->version;
        one["counts"] = connector::counts_of(*file.definition);
      }
      one["findings"] = std::move(findings);
      out.push_back(std::move(one));
    }
    json::object root = totals;
    root["files"] = std::move(out);
    std::cout << (cli::output_is_terminal() ? cli::to_pretty(root) : json::serialize(root)) << '\n';
    return;
  }
  for (const Checked& file : files)
    for (const Finding& finding : file.findings) std::cout << to_line(file.label, finding, form);
}

std::string plural(std::uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string summary_of(const Checked& file) {
  const json::object counts = connector::counts_of(*file.definition);
  const auto count = [&](const char* name) { return counts.at(name).to_number<std::uint64_t>(); };
  return fmt::format("{}: valid: {} {}: {}, {}, {}, {}, {}\n", file.label, file.definition->name,
                     file.definition->version, plural(count("entities"), "entity", "entities"),
                     plural(count("operations"), "operation", "operations"),
                     plural(count("parameters"), "parameter", "parameters"),
                     plural(count("schemes"), "scheme", "schemes"),
                     plural(count("warnings"), "warning", "warnings"));
}

// lint

/// Golden files are read by everybody, too.
std::vector<Checked> secrets_beside(const Checked& file) {
  std::vector<Checked> out;
  std::error_code code;
  if (file.folder.empty()) return out;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(file.folder / "golden", code))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const auto text = read_text_file(path);
    if (!text) continue;
    auto findings = connector::lint_for_secrets(*text);
    if (!findings.empty())
      out.push_back({path.string(), std::move(findings), file.definition, {}, {}});
  }
  return out;
}

/// Why `origin` cannot be reached; any answer at all means that it can.
Task<std::optional<std::string>> probe(net::HttpClient& client, std::string origin) {
  auto url = net::Url::parse(origin + "/");
  if (!url) co_return url.error().message;
  net::OutboundRequest request;
  request.method = "HEAD";
  request.url = *std::move(url);
  request.connection = net::Connection::fresh;
  const Deadline limit = Deadline::after(longest_connect);
  auto answer = co_await client.send(request, limit);
  if (answer) co_return std::nullopt;
  using Reason = net::SendFailure::Reason;
  const auto& failure = answer.error();
  // The connection stood; what came over it does not matter here.
  if (failure.reason == Reason::broken && failure.sent) co_return std::nullopt;
  if (failure.reason == Reason::too_large) co_return std::nullopt;
  co_return failure.message;
}

void add_unreachable(Checked& file, net::HttpClient& client) {
  for (const connector::NamedHost& host : connector::hosts_of(file.text, *file.definition)) {
    const auto why = run_to_end(probe(client, host.origin));
    if (!why) continue;
    Finding finding;
    finding.code = "unreachable-host";
    finding.line = host.line;
    finding.column = host.column;
    finding.path = host.path;
    finding.message = host.origin + " cannot be reached: " + *why;
    finding.advice = "correct the host, or try again where the service can be reached";
    file.findings.push_back(std::move(finding));
  }
  connector::sort_by_line(file.findings);
}

net::EgressPolicy policy_of(const LintOptions& options) {
  if (options.egress_exceptions.empty()) return net::EgressPolicy::public_only();
  return net::EgressPolicy::with_exceptions(options.egress_exceptions).value();
}

}  // namespace

int run_validate(const ValidateOptions& options) {
  std::vector<Checked> files;
  for (const std::string& name : options.files) files.push_back(open_and_load(name));
  const auto valid = static_cast<std::uint64_t>(
      std::count_if(files.begin(), files.end(), [](const auto& one) { return one.is_valid(); }));
  print_all(files, options.form, {{"valid", valid}, {"invalid", files.size() - valid}});
  if (options.form == FindingForm::text)
    for (const Checked& file : files)
      if (file.is_valid()) std::cout << summary_of(file);
  return valid == files.size() ? 0 : not_valid;
}

int run_lint(const LintOptions& options) {
  std::vector<Checked> files;
  std::optional<net::HttpClient> client;
  if (options.online) client.emplace(net::HttpClient::Options{.egress = policy_of(options)});
  bool all_valid = true;
  std::uint64_t warnings = 0;
  for (const std::string& name : options.files) {
    Checked file = open_and_load(name);
    std::vector<Checked> others;
    if (file.is_valid()) {
      file.findings = connector::lint(file.text, connector::examine_definition(file.text));
      if (client) add_unreachable(file, *client);
      others = secrets_beside(file);
    }
    all_valid = all_valid && file.is_valid();
    files.push_back(std::move(file));
    for (Checked& other : others) files.push_back(std::move(other));
  }
  for (const Checked& file : files)
    warnings += static_cast<std::uint64_t>(std::count_if(
        file.findings.begin(), file.findings.end(),
        [](const Finding& one) { return one.severity == Finding::Severity::warning; }));
  print_all(files, options.form, {{"warnings", warnings}});
  if (options.form == FindingForm::text && warnings == 0 && all_valid)
    for (const Checked& file : files)
      std::cout << fmt::format(
          "{}: clean: {}\n", file.label,
          plural(file.definition->operations.size(), "operation", "operations"));
  if (!all_valid) return not_valid;
  return options.strict && warnings > 0 ? found_warnings : 0;
}

}  // namespace fairlead::server
