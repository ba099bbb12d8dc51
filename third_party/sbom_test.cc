// The bill of materials has what SPDX 2.3 asks of a document, and every library
// of the table. The numbers are those of
// https://spdx.github.io/spdx-spec/v2.3/.

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/version.h"

namespace tallyman::third_party {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Eq;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr std::string_view kProgram = "SPDXRef-Package-tallyman";

std::string ReadFile(const std::string& path) {
  const std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Json ReadSbom(const std::string& name) {
  return Json::parse(ReadFile(absl::StrCat("third_party/", name)));
}

// The one package of this name.
Json PackageNamed(const Json& sbom, std::string_view name) {
  std::vector<Json> found;
  for (const Json& package : sbom["packages"]) {
    if (package["name"] == name) found.push_back(package);
  }
  EXPECT_THAT(found, SizeIs(1)) << name;
  return found.empty() ? Json::object() : found.front();
}

// "FROM TYPE TO" of each relationship.
std::vector<std::string> Relationships(const Json& sbom) {
  std::vector<std::string> lines;
  for (const Json& relationship : sbom["relationships"]) {
    lines.push_back(
        absl::StrCat(relationship["spdxElementId"].get<std::string>(), " ",
                     relationship["relationshipType"].get<std::string>(), " ",
                     relationship["relatedSpdxElement"].get<std::string>()));
  }
  return lines;
}

// Clause 6: the document.
TEST(SbomTest, IsADocument) {
  const Json sbom = ReadSbom("tallyman.spdx.json");
  EXPECT_EQ(sbom["spdxVersion"], "SPDX-2.3");
  EXPECT_EQ(sbom["dataLicense"], "CC0-1.0");
  EXPECT_EQ(sbom["SPDXID"], "SPDXRef-DOCUMENT");
  EXPECT_EQ(sbom["name"], absl::StrCat("tallyman-", base::Version()));
  EXPECT_THAT(sbom["documentNamespace"].get<std::string>(),
              MatchesRegex("https://[^#]+"));
  EXPECT_THAT(
      sbom["creationInfo"]["created"].get<std::string>(),
      MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  ASSERT_FALSE(sbom["creationInfo"]["creators"].empty());
  for (const Json& creator : sbom["creationInfo"]["creators"]) {
    EXPECT_THAT(creator.get<std::string>(),
                MatchesRegex("(Tool|Person|Organization): .+"));
  }
}

// Clause 7: packages.
TEST(SbomTest, PackagesAreComplete) {
  const Json sbom = ReadSbom("tallyman.spdx.json");
  std::set<std::string> identifiers;
  for (const Json& package : sbom["packages"]) {
    SCOPED_TRACE(package.dump());
    const std::string identifier = package["SPDXID"];
    EXPECT_THAT(identifier, MatchesRegex("SPDXRef-[A-Za-z0-9.-]+"));
    EXPECT_TRUE(identifiers.insert(identifier).second) << "appears twice";
    EXPECT_NE(package["name"], "");
    EXPECT_EQ(package["filesAnalyzed"], false);
    EXPECT_EQ(package["copyrightText"], "NOASSERTION");
    // The identifiers of https://spdx.org/licenses/ that are known here.
    EXPECT_THAT(
        package["licenseDeclared"].get<std::string>(),
        AnyOf("Apache-2.0", "MIT", "BSD-3-Clause", "BSL-1.0", "blessing"));
    EXPECT_EQ(package["licenseConcluded"], package["licenseDeclared"]);
    if (package["name"] == "OpenSSL" || package["name"] == "tallyman") {
      EXPECT_FALSE(package.contains("checksums"));
      continue;
    }
    // A registry is named by a purl, not by an address.
    EXPECT_THAT(package["downloadLocation"].get<std::string>(),
                AnyOf(StartsWith("https://"), "NOASSERTION"));
    EXPECT_NE(package["versionInfo"], "");
    ASSERT_EQ(package["checksums"].size(), 1u);
    EXPECT_EQ(package["checksums"][0]["algorithm"], "SHA256");
    EXPECT_THAT(package["checksums"][0]["checksumValue"].get<std::string>(),
                MatchesRegex("[0-9a-f]{64}"));
  }
}

// Clause 11: relationships.
TEST(SbomTest, RelationshipsReferToWhatIsThere) {
  const Json sbom = ReadSbom("tallyman.spdx.json");
  std::set<std::string> identifiers = {"SPDXRef-DOCUMENT"};
  for (const Json& package : sbom["packages"]) {
    identifiers.insert(package["SPDXID"].get<std::string>());
  }
  std::set<std::string> related;
  for (const Json& relationship : sbom["relationships"]) {
    for (const char* end : {"spdxElementId", "relatedSpdxElement"}) {
      EXPECT_THAT(identifiers, Contains(relationship[end])) << relationship;
      related.insert(relationship[end].get<std::string>());
    }
  }
  EXPECT_EQ(related, identifiers) << "something has no relationship";
  EXPECT_THAT(Relationships(sbom),
              Contains(absl::StrCat("SPDXRef-DOCUMENT DESCRIBES ", kProgram)));
}

// The table has a line "extension NAME", "module NAME ..." or "indirect NAME"
// for each library, see versions.bzl.
TEST(SbomTest, HasEveryLibraryOfTheTable) {
  const Json sbom = ReadSbom("tallyman.spdx.json");
  std::set<std::string> expected = {std::string(kProgram)};
  for (std::string_view line :
       absl::StrSplit(ReadFile("third_party/version_table.txt"), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] != "extension" && words[0] != "module" &&
        words[0] != "indirect") {
      continue;
    }
    std::string name = words[1];
    for (char& c : name) c = c == '_' ? '-' : c;
    expected.insert(absl::StrCat("SPDXRef-Package-", name));
  }
  ASSERT_GT(expected.size(), 10u);
  std::set<std::string> found;
  for (const Json& package : sbom["packages"]) {
    found.insert(package["SPDXID"].get<std::string>());
  }
  EXPECT_EQ(found, expected);
}

TEST(SbomTest, SaysWhatEachLibraryIsFor) {
  const std::vector<std::string> lines =
      Relationships(ReadSbom("tallyman.spdx.json"));
  const auto linked = [&](std::string_view type, std::string_view name) {
    return Contains(
        Eq(absl::StrCat(kProgram, " ", type, " SPDXRef-Package-", name)));
  };
  EXPECT_THAT(lines, linked("STATIC_LINK", "com-google-absl"));
  EXPECT_THAT(lines, linked("STATIC_LINK", "sqlite3"));
  EXPECT_THAT(lines, linked("DYNAMIC_LINK", "openssl"));
  EXPECT_THAT(lines, linked("CONTAINS", "preact"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat(
                  "SPDXRef-Package-zopfli BUILD_DEPENDENCY_OF ", kProgram)));
  EXPECT_THAT(lines, Contains(absl::StrCat("SPDXRef-Package-com-google-"
                                           "googletest TEST_DEPENDENCY_OF ",
                                           kProgram)));
}

TEST(SbomTest, APackageOfNpmHasAPurl) {
  const Json package = PackageNamed(ReadSbom("tallyman.spdx.json"), "Zig");
  EXPECT_EQ(package["downloadLocation"], "NOASSERTION");
  EXPECT_THAT(package["externalRefs"][0]["referenceLocator"].get<std::string>(),
              MatchesRegex("pkg:npm/%40[a-z]+/zig-linux-x64@[0-9.]+"));
}

TEST(SbomTest, AStampedOneNamesTheCommitAndItsTime) {
  const Json sbom = ReadSbom("sample.spdx.json");
  EXPECT_EQ(sbom["creationInfo"]["created"], "2026-11-28T09:48:35Z");
  EXPECT_EQ(sbom["documentNamespace"],
            "https://spdx.org/spdxdocs/tallyman-1.2.3-"
            "0123456789abcdef0123456789abcdef01234567-dirty");
  const Json package = PackageNamed(sbom, "tallyman");
  EXPECT_EQ(package["versionInfo"], "1.2.3");
  EXPECT_EQ(package["sourceInfo"],
            "commit 0123456789abcdef0123456789abcdef01234567-dirty");
}

}  // namespace
}  // namespace tallyman::third_party
