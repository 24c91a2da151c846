// The catalogue as people see it: which services there are, and what connecting one asks for.
#pragma once

#include "platform/services.hpp"

namespace fairlead::platform {

struct ServiceSummary {
  std::string id, slug, name, description, version;
};

struct ServiceDetail {
  ServiceSummary summary;
  /// {documentationUrl, connectionSpecification, advanced_auth, supported_destination_sync_modes}
  json::object spec;
  std::vector<std::string> direct_questions, search_questions;
};

class CatalogueView {
 public:
  explicit CatalogueView(Services& services) : services_(services) {}

  /// Those whose name or slug contains `part`, in any case; all for an empty one.
  std::vector<ServiceSummary> list(std::string_view part) const;
  /// By id, slug or name; nullopt when there is none.
  std::optional<ServiceDetail> find(std::string_view text) const;
  /// SVG; empty when there is none.
  std::string_view icon(std::string_view slug) const { return services_.catalogue.icon(slug); }

 private:
  Services& services_;
};

}  // namespace fairlead::platform
