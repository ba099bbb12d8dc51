#include "tally/import/compose_interpolate.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

std::string Filled(std::string_view text,
                   std::vector<std::string>* missing = {}) {
  std::vector<std::string> names;
  const absl::StatusOr<std::string> value =
      Interpolate(text, {{"A", "1"}, {"EMPTY", ""}}, names);
  if (missing != nullptr) *missing = names;
  return value.ok() ? *value : "error";
}

TEST(InterpolateTest, Rules) {
  EXPECT_EQ(Filled("$A${A}b$$A"), "11b$A");
  EXPECT_EQ(Filled("${B:-x}${EMPTY:-y}${EMPTY-z}${B-w}"), "xyw");
  EXPECT_EQ(Filled("${A:+x}${EMPTY:+y}${EMPTY+z}${B+w}"), "xz");
  EXPECT_EQ(Filled("${B:-${C:-deep}}"), "deep");
  for (const std::string_view text : {"$", "${", "${A", "${1}", "${A/b}"}) {
    EXPECT_EQ(Filled(text), "error") << text;
  }
}

TEST(InterpolateTest, NamesWhatIsMissing) {
  std::vector<std::string> missing;
  EXPECT_EQ(Filled("<$B${C:?needed}>", &missing), "<>");
  EXPECT_THAT(missing, ElementsAre("B", "C"));
}

}  // namespace
}  // namespace tallyman::tally
