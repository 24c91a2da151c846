#include "server/connector_command.hpp"

#include "cli/help.hpp"
#include "server/author_commands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace fairlead::server {
namespace {

constexpr const char* file_help =
    "Definition file, folder with a connector.yaml, - for standard input, or slug of the catalogue";

const std::map<std::string, FindingForm> forms = {
    {"text", FindingForm::text}, {"json", FindingForm::json}, {"github", FindingForm::github}};

void add_form(CLI::App& command, FindingForm& form) {
  command.add_option("--format", form, "text (file:line:column: error: ...), json or github")
      ->transform(CLI::CheckedTransformer(forms, CLI::ignore_case))
      ->option_text("text|json|github");
  command.add_flag_callback(
      "--json", [&form] { form = FindingForm::json; }, "As --format json");
}

void add_validate(CLI::App& app) {
  auto* command = app.add_subcommand("validate", "Load definitions and say all that is wrong");
  auto options = std::make_shared<ValidateOptions>();
  command->add_option("file", options->files, file_help)->required();
  add_form(*command, options->form);
  command->footer(
      "Exit codes: 0 all valid, 4 a mistake was found.\n"
      "Examples:\n  fairlead connector validate connectors/harbor/connector.yaml\n"
      "  fairlead connector validate --format github connectors/*/connector.yaml");
  command->callback([options] { throw CLI::RuntimeError(run_validate(*options)); });
}

void add_lint(CLI::App& app) {
  auto* command = app.add_subcommand(
      "lint", "Say what models, their vendors and the next author will stumble over");
  auto options = std::make_shared<LintOptions>();
  command->add_option("file", options->files, file_help)->required();
  command->add_flag("--strict", options->strict, "Warnings fail (exit code 1)");
  command->add_flag("--online", options->online,
                    "Also connect to the hosts that the definition names (nothing else is sent "
                    "anywhere; without it no socket is opened)");
  command->add_option("--egress-exception", options->egress_exceptions,
                      "With --online: an address beyond the public ones, host:port or "
                      "host:port+http");
  add_form(*command, options->form);
  command->footer(
      "A comment `# lint: allow CODE` on the line, or on the one above, takes a warning away;\n"
      "`# lint: allow-file CODE` does for the whole file.\n"
      "Exit codes: 0 no errors, 1 warnings with --strict, 4 no valid definition.\n"
      "Examples:\n  fairlead connector lint connectors/harbor\n"
      "  fairlead connector lint --strict --online connectors/*/connector.yaml");
  command->callback([options] { throw CLI::RuntimeError(run_lint(*options)); });
}

void add_show(CLI::App& app) {
  auto* command = app.add_subcommand(
      "show", "Entities, actions and parameters, or the tools that a model gets");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("file", options->file, file_help)->required();
  command->add_option("entity", options->entity, "Only this entity");
  command->add_option("action", options->action, "Only this action of it");
  using Form = ShowOptions::Form;
  const std::map<std::string, Form> names = {{"table", Form::table},
                                             {"brief", Form::brief},
                                             {"json", Form::json},
                                             {"schema", Form::schema}};
  command
      ->add_option("--format", options->form,
                   "table on a terminal, else json; brief: a line an operation; schema: a tool an "
                   "operation, {name, description, input_schema}")
      ->transform(CLI::CheckedTransformer(names, CLI::ignore_case))
      ->option_text("table|brief|json|schema");
  for (const auto& [name, form] : names)
    command->add_flag_callback(
        "--" + name, [options, chosen = form] { options->form = chosen; }, "As --format " + name);
  command->footer(
      "Examples:\n  fairlead connector show harbor --brief\n"
      "  fairlead connector show harbor tickets create\n"
      "  fairlead connector show --schema connectors/github/connector.yaml issues");
  command->callback([options] { throw CLI::RuntimeError(run_show(*options)); });
}

void add_test(CLI::App& app) {
  auto* command =
      app.add_subcommand("test", "Run the golden files of definitions, without a network");
  auto options = std::make_shared<GoldenOptions>();
  command->add_option("file", options->files, file_help)->required();
  command->add_option("--golden", options->folder,
                      "Folder of the golden files; `golden` beside the definition otherwise");
  command->add_option("--only", options->only, "Only cases whose name contains this text");
  command->add_flag("--update", options->update,
                    "Write what came in the place of what was expected; review the changes");
  command->add_flag("--json", options->json, "The result as JSON");
  command->footer(
      "Exit codes: 0 all cases passed, 1 some did not, 4 a file cannot be read.\n"
      "Examples:\n  fairlead connector test connectors/harbor\n"
      "  fairlead connector test connectors/*/connector.yaml --json\n"
      "  fairlead connector test connectors/github --only paging --update");
  command->callback([options] { throw CLI::RuntimeError(run_golden_files(*options)); });
}

}  // namespace

void add_connector_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "connector", "For authors of connector definitions: validate, lint, show, test");
  command->group(cli::local_group);
  command->require_subcommand(1);
  command->footer("Example:\n  fairlead connector validate connectors/harbor/connector.yaml");
  add_validate(*command);
  add_lint(*command);
  add_show(*command);
  add_test(*command);
}

}  // namespace fairlead::server
