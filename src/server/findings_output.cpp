#include "server/findings_output.hpp"

#include <fmt/format.h>

namespace fairlead::server {
namespace {

/// Texts of files stay on their line and carry no terminal commands.
std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

/// As the annotations of GitHub Actions want it.
std::string escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\n' || c == '\r' || (is_property && (c == ':' || c == ',')))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string whole_message(const connector::Finding& finding) {
  std::string out = finding.path.empty() ? "" : finding.path + ": ";
  out += finding.message;
  if (!finding.advice.empty()) out += "; " + finding.advice;
  return out + " [" + finding.code + "]";
}

}  // namespace

std::string to_line(const std::string& file, const connector::Finding& finding, FindingForm form) {
  const std::string_view severity = connector::name_of(finding.severity);
  const int line = finding.line > 0 ? finding.line : 1;
  const int column = finding.column > 0 ? finding.column : 1;
  const std::string message = one_line(whole_message(finding));
  if (form == FindingForm::github)
    return fmt::format("::{} file={},line={},col={}::{}\n", severity, escaped(file, true), line,
                       column, escaped(message, false));
  return fmt::format("{}:{}:{}: {}: {}\n", file, line, column, severity, message);
}

json::object to_json(const connector::Finding& finding) {
  return {{"severity", connector::name_of(finding.severity)},
          {"code", finding.code},
          {"line", finding.line},
          {"column", finding.column},
          {"path", finding.path},
          {"message", finding.message},
          {"advice", finding.advice}};
}

}  // namespace fairlead::server
