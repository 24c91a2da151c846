// Skills: what a connector can do, in words for a model. Made from the definition when asked for.
#pragma once

#include "platform/connector_cache.hpp"

namespace fairlead::platform {

struct SkillMeta {
  std::string id;  ///< "connector-source:<connector id>"
  std::string title, summary, version;
  std::vector<std::string> tags;
  std::string state = "live";  ///< live, degraded, unknown
  std::vector<std::string> warnings;
};

struct SkillSection {
  std::string id;  ///< "entity:<name>"
  std::string title, summary;
};

/// A piece of a document; which members count depends on the kind.
struct Block {
  enum class Kind { heading, paragraph, list, code, table };
  Kind kind = Kind::paragraph;
  std::string text;  ///< heading, paragraph, code
  int level = 0;     ///< heading
  std::string language;
  std::vector<std::string> items, headers;
  std::vector<std::vector<std::string>> rows;
};

struct SkillDocument {
  SkillMeta meta;
  std::vector<SkillSection> outline;
  std::optional<std::string> section;
  std::vector<Block> content;
};

/// The id of a connector's document.
std::string skill_id(const ConnectorId& connector);

class Skills {
 public:
  Skills(Services& services, ConnectorCache& cache) : services_(services), cache_(cache) {}

  struct Query {
    std::optional<WorkspaceId> workspace;
    std::string text;  ///< part of name, id or service, in any case; empty: all
    std::size_t limit = 20;
    std::optional<std::string> cursor;
  };
  struct Page {
    std::vector<SkillMeta> skills;
    std::optional<std::string> next_cursor;
  };
  Task<Result<Page>> list(Caller caller, Query query);

  /// Without `section`: what it is, how to call it, and the outline. Errors: not_found (no such
  /// document); invalid_input naming the nearest section.
  Task<Result<SkillDocument>> read(Caller caller, std::string id,
                                   std::optional<std::string> section);

 private:
  SkillMeta meta_of(const store::ConnectorRow& row) const;

  Services& services_;
  ConnectorCache& cache_;
};

}  // namespace fairlead::platform
