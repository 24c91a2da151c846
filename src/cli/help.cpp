#include "cli/help.hpp"

#include "cli/layout.hpp"
#include "cli/output.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <memory>

namespace fairlead::cli {
namespace {

std::size_t width() { return std::clamp<std::size_t>(terminal_width(), 60, 100); }

/// A name, and beside it (below it where it is long) what it means.
std::string entry(const std::string& name, const std::string& meaning) {
  constexpr std::size_t column = 26;
  std::string out = "  " + name;
  bool is_first = true;
  for (const std::string& line : wrapped(meaning, width() - column)) {
    if (!is_first || columns_of(out) + 2 > column) {
      out += '\n' + std::string(column, ' ');
    } else {
      out += std::string(column - columns_of(out), ' ');
    }
    out += line;
    is_first = false;
  }
  return out + '\n';
}

/// "json|table" of CLI11's "TEXT:{json,table}"; what it says of numbers is in the description.
std::string kind_of(const std::string& type) {
  const auto colon = type.find(':');
  const std::string kind = type.substr(0, colon);
  if (colon != std::string::npos && type.compare(colon, 2, ":{") == 0) {
    std::string values = type.substr(colon + 2, type.size() - colon - 3);
    std::replace(values.begin(), values.end(), ',', '|');
    return values;
  }
  return kind == "INT" || kind == "UINT" ? "N" : kind;
}

class Help : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (!option->get_option_text().empty()) return " " + option->get_option_text();
    if (option->get_type_size() == 0) return "";
    const std::string kind = kind_of(option->get_type_name());
    const bool is_repeated = option->get_expected_max() == CLI::detail::expected_max_vector_size;
    return (kind.empty() ? "" : " " + kind) + (is_repeated ? " ..." : "");
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string out = option->get_description();
    if (option->get_required()) out += " (required)";
    if (!option->get_default_str().empty()) out += " (default " + option->get_default_str() + ")";
    if (!option->get_envname().empty()) out += " [" + option->get_envname() + "]";
    return out;
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return entry(make_option_name(option, is_positional) + make_option_opts(option),
                 make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return entry(command->get_display_name(true), command->get_description());
  }
  std::string make_description(const CLI::App* app) const override {
    return to_paragraph(app->get_description(), 0, width()) + '\n';
  }
};

}  // namespace

void use_own_help(CLI::App& app) { app.formatter(std::make_shared<Help>()); }

}  // namespace fairlead::cli
