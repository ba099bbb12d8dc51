// Example of import.h.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "tally/import/import.h"

namespace tallyman::tally {
namespace {

TEST(ImportExample, MakesADefinitionAndNames) {
  const std::vector<ImportFile> files = {{.name = "shop.conf",
                                          .text = "[program:web]\n"
                                                  "command=bin/web\n"
                                                  "umask=022\n"}};
  const absl::StatusOr<ImportFormat> format = GuessFormat(files[0]);
  ASSERT_TRUE(format.ok()) << format.status();
  const absl::StatusOr<ImportResult> result =
      Import(*format, files, {.environment = "test"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->definition.dump(),
            R"({"name":"shop","environment":"test","processes":)"
            R"([{"name":"web","command":"bin/web","instances":1}]})");
  ASSERT_EQ(result->notes.size(), 1U);
  EXPECT_EQ(FormatNote(result->notes[0]),
            "shop.conf:3: umask: not carried over: put umask before the "
            "program, in the command");
}

}  // namespace
}  // namespace tallyman::tally
