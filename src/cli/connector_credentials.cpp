#include "cli/connector_credentials.hpp"

#include "base/encoding.hpp"
#include "base/named_file.hpp"
#include "cli/answer.hpp"
#include "cli/layout.hpp"
#include "cli/output.hpp"
#include "cli/problem.hpp"
#include "cli/prompt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace fairlead::cli {
namespace {

/// The schema of the credentials; where a service takes several kinds, the one that the user
/// chooses.
const json::value& choose_way_to_log_in(const json::value& definition) {
  const auto* schema =
      find_path(definition, "definition.spec.connectionSpecification.properties.credentials");
  if (schema == nullptr)
    throw Problem("api_error", "the server does not say what this connector asks for");
  const auto& list = list_at(*schema, "oneOf");
  if (list.empty()) return *schema;
  if (list.size() == 1) return list[0];
  for (std::size_t i = 0; i < list.size(); ++i)
    std::cerr << fmt::format("  {}  {}\n", i + 1,
                             text_at(list[i], "title", "way " + std::to_string(i + 1)));
  const Secret answer =
      ask(fmt::format("Which one? [1-{}, default 1]: ", list.size()), Echo::shown);
  if (answer.empty()) return list[0];
  for (std::size_t i = 0; i < list.size(); ++i)
    if (answer.matches(Secret(std::to_string(i + 1)))) return list[i];
  throw Problem("validation_error", fmt::format("answer with a number from 1 to {}", list.size()));
}

}  // namespace

Task<json::object> ask_credentials(Session& session, std::string definition_id,
                                   std::string source) {
  if (!source.empty()) co_return read_secret_object(source, "the credentials").value();
  if (!session.interactive)
    throw Problem("validation_error",
                  "no credentials: give --credentials FILE, or --credentials - to read them from "
                  "standard input");
  const json::value definition = co_await session.api.get("/integrations/definitions/sources/" +
                                                          percent_encode(definition_id));
  const json::value& way = choose_way_to_log_in(definition);
  const auto* properties = find_path(way, "properties");
  if (properties == nullptr || !properties->is_object())
    throw Problem("api_error", "the server does not say what this connector asks for");
  json::object credentials;
  for (const auto& [key, schema] : properties->as_object()) {
    const auto* secret = find_path(schema, "airbyte_secret");
    const bool hidden = secret != nullptr && secret->is_bool() && secret->as_bool();
    const std::string label = text_at(schema, "title", std::string(key.data(), key.size()));
    const bool required = is_required(way, key);
    if (const auto said = text_at(schema, "description"); !said.empty())
      std::cerr << to_paragraph(said, 2, std::min<std::size_t>(terminal_width(), 100));
    const Secret answer = ask(fmt::format("{}{}: ", label, required ? "" : " (optional)"),
                              hidden ? Echo::hidden : Echo::shown);
    if (required && answer.empty())
      throw Problem("validation_error",
                    fmt::format("{}: nothing was given, and it is needed", label));
    if (!answer.empty()) credentials[key] = json::string(answer.reveal());
  }
  co_return credentials;
}

}  // namespace fairlead::cli
