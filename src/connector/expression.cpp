#include "connector/expression.hpp"

#include "connector/expression_tree.hpp"

#include <set>

namespace fairlead::connector {
namespace {

void collect_names(const Expression& e, std::set<std::string>& names) {
  if (e.kind == Expression::Kind::name) names.insert(e.text);
  for (const auto& part : e.parts) collect_names(*part, names);
}

}  // namespace

struct Template::Impl {
  std::string source;
  std::vector<TemplatePiece> pieces;
  std::string broken;  ///< why it cannot be rendered
};

Template::Template(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view text) {
  auto pieces = parse_template(text);
  if (!pieces) return std::move(pieces).error();
  auto impl = std::make_unique<Impl>();
  impl->source = text;
  impl->pieces = std::move(*pieces);
  return Template(std::move(impl));
}

Template Template::broken(std::string_view text, std::string_view reason) {
  auto impl = std::make_unique<Impl>();
  impl->source = text;
  impl->broken = reason;
  return Template(std::move(impl));
}

Result<std::string> Template::render(const json::object& names, Undefined undefined, Instant now,
                                     std::size_t* steps) const {
  if (!impl_->broken.empty()) return invalid(impl_->broken);
  try {
    return evaluate(impl_->pieces, names, undefined, now, steps);
  } catch (const Failure& failure) {
    Error error = failure.error();
    error.message = "in the template \"" + impl_->source.substr(0, 120) + "\": " + error.message;
    return error;
  }
}

const std::string& Template::source() const noexcept { return impl_->source; }

std::vector<std::string> Template::names() const {
  std::set<std::string> names;
  for (const TemplatePiece& piece : impl_->pieces)
    if (piece.expression) collect_names(*piece.expression, names);
  return {names.begin(), names.end()};
}

}  // namespace fairlead::connector
