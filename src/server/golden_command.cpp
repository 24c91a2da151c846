// test
#include "cli/output.hpp"
#include "connector/golden.hpp"
#include "server/author_commands.hpp"
#include "server/definition_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

namespace fairlead::server {
namespace {

using connector::Finding;
using connector::GoldenVerdict;

constexpr int not_readable = 4, not_passed = 1;

struct Totals {
  std::uint64_t passed = 0, failed = 0, updated = 0;
  bool unreadable = false;
  json::array files;
};

std::vector<std::filesystem::path> golden_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    const auto ending = entry.path().extension();
    if (entry.is_regular_file() && (ending == ".yaml" || ending == ".yml" || ending == ".json"))
      out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Runs the golden files of one definition.
class GoldenRun {
 public:
  GoldenRun(const GoldenOptions& options, Totals& totals) : options_(options), totals_(totals) {}

  void run(const std::string& name) {
    auto file = open_definition(name);
    if (!file) return give_up(name, file.error().message);
    auto definition = connector::load_definition(file->text, file->label);
    if (!definition) return give_up(file->label, definition.error().message);
    if (options_.folder.empty() && file->folder.empty())
      return give_up(file->label,
                     "golden files stand beside a definition's file; give its path, or --golden");
    const std::filesystem::path folder =
        options_.folder.empty() ? file->folder / "golden" : std::filesystem::path(options_.folder);
    const auto paths = golden_files(folder);
    if (paths.empty())
      return give_up(file->label, fmt::format("there is no golden file (*.yaml, *.json) in {}",
                                              folder.string()));
    const std::uint64_t before = totals_.passed, failed_before = totals_.failed;
    for (const auto& path : paths) run_file(**definition, path);
    if (options_.json) return;
    const std::uint64_t failed = totals_.failed - failed_before;
    std::cout << fmt::format("{}: {} passed{}\n", file->label, totals_.passed - before,
                             failed == 0 ? "" : fmt::format(", {} failed", failed));
  }

 private:
  void give_up(const std::string& label, const std::string& message) {
    totals_.unreadable = true;
    Finding finding;
    finding.severity = Finding::Severity::error;
    finding.code = "not-testable";
    finding.message = message;
    report(label, {finding});
  }

  void report(const std::string& label, const std::vector<Finding>& findings) {
    if (!options_.json) {
      for (const Finding& one : findings) std::cout << to_line(label, one, FindingForm::text);
      return;
    }
    json::array listed;
    for (const Finding& one : findings) listed.push_back(to_json(one));
    totals_.files.push_back(json::object{{"file", label}, {"findings", std::move(listed)}});
  }

  void run_file(const connector::Definition& definition, const std::filesystem::path& path) {
    const auto text = read_text_file(path);
    if (!text) return give_up(path.string(), text.error().message);
    const auto file = connector::read_golden(*text);
    if (!file) {
      totals_.unreadable = true;
      connector::LoadReport problems;
      problems.problems = file.error();
      auto findings = connector::findings_of(problems);
      for (Finding& one : findings) one.code = "invalid-golden";
      return report(path.string(), findings);
    }
    std::vector<GoldenVerdict> verdicts;
    for (const auto& one : file->cases) {
      GoldenVerdict skipped;
      skipped.passed = true;
      verdicts.push_back(is_chosen(one) ? connector::run_golden(definition, one) : skipped);
    }
    if (options_.update) update(path, *text, *file, verdicts);
    show(path, *file, verdicts);
  }

  bool is_chosen(const connector::GoldenCase& one) const {
    return one.name.find(options_.only) != std::string::npos;
  }

  void update(const std::filesystem::path& path, const std::string& text,
              const connector::GoldenFile& file, const std::vector<GoldenVerdict>& verdicts) {
    const bool all_passed = std::all_of(verdicts.begin(), verdicts.end(),
                                        [](const GoldenVerdict& one) { return one.passed; });
    if (all_passed) return;
    const std::string written = connector::updated_golden(text, file, verdicts).value();
    const std::filesystem::path beside = path.string() + ".new";
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << written;
    out.close();
    if (!out) throw Failure(invalid(fmt::format("cannot write '{}'", beside.string())));
    std::filesystem::rename(beside, path);
  }

  void show(const std::filesystem::path& path, const connector::GoldenFile& file,
            const std::vector<GoldenVerdict>& verdicts) {
    json::array cases;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const auto& one = file.cases[i];
      const GoldenVerdict& verdict = verdicts[i];
      if (!is_chosen(one)) continue;
      const bool updated = !verdict.passed && options_.update;
      (verdict.passed ? totals_.passed : updated ? totals_.updated : totals_.failed) += 1;
      const char* const word = verdict.passed ? "passed" : updated ? "updated" : "failed";
      const std::string changes =
          verdict.passed ? "" : connector::difference(verdict.expected, verdict.actual);
      json::object row{{"name", one.name}, {"line", one.lines.begin}, {"verdict", word}};
      if (!verdict.passed) {
        row["difference"] = changes;
        row["expected"] = verdict.expected;
        row["actual"] = verdict.actual;
      }
      cases.push_back(std::move(row));
      if (verdict.passed || options_.json) continue;
      std::cout << fmt::format("{}:{}:1: {}: {}\n", path.string(), one.lines.begin,
                               updated ? "updated" : "failed (- expected, + came)", one.name)
                << changes;
    }
    if (options_.json && !cases.empty())
      totals_.files.push_back(json::object{{"file", path.string()}, {"cases", std::move(cases)}});
  }

  const GoldenOptions& options_;
  Totals& totals_;
};

}  // namespace

int run_golden_files(const GoldenOptions& options) {
  Totals totals;
  for (const std::string& name : options.files) GoldenRun(options, totals).run(name);
  if (options.json)
    std::cout << json::serialize(json::object{{"passed", totals.passed},
                                              {"failed", totals.failed},
                                              {"updated", totals.updated},
                                              {"files", totals.files}})
              << '\n';
  else
    std::cout << fmt::format(
        "{} passed, {} failed{}\n", totals.passed, totals.failed,
        totals.updated == 0 ? "" : fmt::format(", {} updated", totals.updated));
  if (totals.unreadable) return not_readable;
  return totals.failed > 0 || totals.passed + totals.updated == 0 ? not_passed : 0;
}

}  // namespace fairlead::server
