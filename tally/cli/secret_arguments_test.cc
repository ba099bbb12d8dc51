#include "tally/cli/secret_arguments.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

struct Hidden {
  bool found;
  std::vector<std::string> arguments;
};

Hidden Hide(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tally");
  std::vector<char*> pointers;
  pointers.reserve(arguments.size());
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const bool found =
      HideSecretArguments(static_cast<int>(pointers.size()), pointers.data());
  arguments.erase(arguments.begin());
  return {found, arguments};
}

TEST(SecretArgumentsTest, OverwritesTheValueOfTheOption) {
  const Hidden apart = Hide({"--token", "abc", "ps"});
  EXPECT_TRUE(apart.found);
  EXPECT_THAT(apart.arguments, ElementsAre("--token", "***", "ps"));
  const Hidden joined = Hide({"ps", "--token=abc"});
  EXPECT_TRUE(joined.found);
  EXPECT_THAT(joined.arguments, ElementsAre("ps", "--token=***"));
}

TEST(SecretArgumentsTest, OverwritesTokensInOtherPlaces) {
  const Hidden hidden =
      Hide({"login", "tly_0123456789abcdef", "--client=tlc_0123456789abcdef"});
  EXPECT_TRUE(hidden.found);
  EXPECT_THAT(hidden.arguments, ElementsAre("login", "********************",
                                            "--client=********************"));
}

TEST(SecretArgumentsTest, LeavesOtherArguments) {
  const std::vector<std::string> arguments = {
      "--token-file", "token", "scale", "tly_web=2", "--token", ""};
  const Hidden hidden = Hide(arguments);
  EXPECT_FALSE(hidden.found);
  EXPECT_EQ(hidden.arguments, arguments);
  EXPECT_FALSE(Hide({"ps", "--token"}).found);
}

TEST(SecretArgumentsTest, KnowsTheFormOfATokenAtTheBegin) {
  EXPECT_TRUE(LooksLikeSecret("tly_0123456789abcdef"));
  EXPECT_FALSE(LooksLikeSecret("x=tly_0123456789abcdef"));
  EXPECT_FALSE(LooksLikeSecret("tly_prod"));
}

}  // namespace
}  // namespace tallyman::tally
