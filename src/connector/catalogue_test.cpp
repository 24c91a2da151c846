#include "connector/catalogue.hpp"

#include "connector/catalogue_entry.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace fairlead::connector {
namespace {

struct Written {
  const char* text;
  const char* expected;  ///< name|display name|id|version|description
};

class CatalogueEntryOf : public testing::TestWithParam<Written> {};

TEST_P(CatalogueEntryOf, EveryLayout) {
  const CatalogueEntry entry = read_catalogue_entry("slug", GetParam().text);
  EXPECT_EQ(entry.slug, "slug");
  EXPECT_EQ(entry.name + "|" + entry.display_name + "|" + entry.id + "|" + entry.version + "|" +
                entry.description,
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CatalogueEntryOf,
    testing::Values(
        Written{"openapi: 3.1.0\ninfo:\n  title: Acme Desk\n  version: 1.0.0\npaths: {}\n",
                "acme-desk|acme-desk||1.0.0|"},
        Written{"info:  # about\n  # more\n\n  version: '2'\n  description: >-\n    Two\n\n    "
                "lines: here\n  x-other: {title: no}\n  title: T\n"
                "  x-airbyte-connector-name: n\n  x-airbyte-connector-display-name: \"N N\"\n"
                "  x-airbyte-connector-definition-id: abc\n  x-more: [1, 2]\npaths: {}\n",
                "n|N N|abc|2|Two\nlines: here"},
        Written{"info: {title: Flow, version: '1', description: d}\n", "flow|flow||1|d"},
        Written{R"({"openapi": "3.1.0", "info": {"title": "Json", "version": "3"}})",
                "json|json||3|"},
        Written{"x: &v '9'\ninfo:\n  title: Alias\n  version: *v\n", "alias|alias||9|"},
        Written{"info:\n    'title': Quoted\n    \"version\": '1'\n", "quoted|quoted||1|"},
        Written{"paths: {}\n", "slug|slug|||"}, Written{"", "slug|slug|||"},
        Written{"info: [\n", "slug|slug|||"}, Written{"info:\n  title: 7\n", "slug|slug|||"}));

TEST(Catalogue, EveryEmbeddedDefinitionLoadsAsItsEntrySays) {
  const Catalogue catalogue;
  for (const CatalogueEntry& entry : catalogue.entries()) {
    SCOPED_TRACE(entry.slug);
    const auto definition = catalogue.get(entry.slug);
    EXPECT_EQ(definition->name, entry.name);
    EXPECT_EQ(definition->display_name, entry.display_name);
    EXPECT_EQ(definition->id, entry.id);
    EXPECT_EQ(definition->version, entry.version);
    EXPECT_EQ(definition->description, entry.description);
    EXPECT_TRUE(definition->warnings.empty()) << definition->warnings[0];
    EXPECT_NE(("\n" + std::string(catalogue.source(entry.slug))).find("\nopenapi:"),
              std::string::npos);
    EXPECT_TRUE(catalogue.icon(entry.slug).empty() ||
                catalogue.icon(entry.slug).find("<svg") != std::string_view::npos);
    for (const std::string& name : {entry.slug, entry.id, entry.name, entry.display_name})
      EXPECT_EQ(catalogue.find(name), &entry) << name;
    EXPECT_EQ(catalogue.get(entry.slug), definition) << "compiled once";
  }
}

TEST(Catalogue, FindsWithoutCaseAndPunctuation) {
  const Catalogue catalogue;
  EXPECT_EQ(catalogue.find(""), nullptr);
  EXPECT_EQ(catalogue.find("no such connector"), nullptr);
  for (const CatalogueEntry& entry : catalogue.entries()) {
    std::string shouted;
    for (const char c : entry.slug)
      shouted += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    EXPECT_EQ(catalogue.find(shouted), &entry);
  }
}

TEST(Catalogue, AnUnknownSlugIsNotFound) {
  const Catalogue catalogue;
  EXPECT_TRUE(catalogue.source("nowhere").empty());
  EXPECT_TRUE(catalogue.icon("nowhere").empty());
  try {
    catalogue.get("nowhere");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::not_found);
  }
}

TEST(Catalogue, IsSharedBetweenThreads) {
  const Catalogue catalogue;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (const CatalogueEntry& entry : catalogue.entries())
        EXPECT_EQ(catalogue.get(entry.slug)->id, entry.id);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace fairlead::connector
