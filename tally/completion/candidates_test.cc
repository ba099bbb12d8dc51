#include "tally/completion/candidates.h"

#include <string>
#include <vector>

#include "absl/base/no_destructor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/cli/command.h"

namespace tallyman::tally {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<CommandSpec>& Table() {
  static const absl::NoDestructor<std::vector<CommandSpec>> table(
      std::vector<CommandSpec>{
          {.path = "ps",
           .summary = "List",
           .options = {{.name = "fields",
                        .value = "KEYS",
                        .completes = Completes::kField},
                       {.name = "state",
                        .value = "STATE",
                        .completes = Completes::kChoice,
                        .choices = {"running", "sleeping"}}}},
          {.path = "stacks list", .alias = "stacks"},
          {.path = "stacks apply",
           .summary = "Apply",
           .arguments = {{.name = "FILE", .completes = Completes::kFile}}},
          {.path = "processes scale",
           .arguments = {{.name = "COUNT",
                          .completes = Completes::kProcessCount,
                          .repeated = true}},
           .options = {{.name = "stack",
                        .letter = 's',
                        .value = "STACK",
                        .completes = Completes::kStack}},
           .alias = "scale"},
          {.path = "secret", .hidden = true},
          {.path = "help",
           .arguments = {{.name = "COMMAND",
                          .completes = Completes::kCommand,
                          .optional = true,
                          .repeated = true}}}});
  return *table;
}

std::vector<std::string> Texts(const std::vector<std::string>& words) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : FindCandidates(Table(), words).candidates) {
    texts.push_back(candidate.text);
  }
  return texts;
}

WantedValues Wanted(const std::vector<std::string>& words) {
  return FindCandidates(Table(), words).wanted;
}

TEST(CandidatesTest, AreCommands) {
  EXPECT_THAT(Texts({""}),
              ElementsAre("ps", "stacks", "processes", "scale", "help"));
  EXPECT_THAT(Texts({"--json", "--context", "prod", "s"}),
              ElementsAre("ps", "stacks", "processes", "scale", "help"));
  EXPECT_THAT(Texts({"stacks", ""}), ElementsAre("list", "apply"));
  EXPECT_THAT(Texts({"help", "stacks", ""}), ElementsAre("list", "apply"));
  EXPECT_THAT(Texts({"ps", ""}), IsEmpty());
  EXPECT_EQ(FindCandidates(Table(), {""}).candidates[1].description,
            "list, apply");
}

TEST(CandidatesTest, AreOptionsThatAreNotGiven) {
  EXPECT_THAT(Texts({"ps", "-"}), Contains("--state"));
  EXPECT_THAT(Texts({"ps", "-"}), Contains("--json"));
  EXPECT_THAT(Texts({"ps", "-"}), Not(Contains("--token")));
  EXPECT_THAT(Texts({"ps", "--json", "--state=running", "--"}),
              Not(Contains("--json")));
  EXPECT_THAT(Texts({"ps", "--state=running", "--"}), Not(Contains("--state")));
  EXPECT_THAT(Texts({"--"}), Contains("--version"));
  EXPECT_THAT(Texts({"ps", "--", "-"}), IsEmpty());
}

TEST(CandidatesTest, AreChoices) {
  EXPECT_THAT(Texts({"ps", "--state", "r"}),
              ElementsAre("running", "sleeping"));
  EXPECT_THAT(Texts({"ps", "--state=r"}),
              ElementsAre("--state=running", "--state=sleeping"));
}

TEST(CandidatesTest, WantValuesThatTheServerHas) {
  EXPECT_EQ(Wanted({"scale", "-s", ""}).kind, Completes::kStack);
  EXPECT_EQ(Wanted({"scale", "-s", "-"}).kind, Completes::kStack);
  const WantedValues stack = Wanted({"scale", "--stack=sh"});
  EXPECT_EQ(stack.kind, Completes::kStack);
  EXPECT_EQ(stack.prefix, "--stack=");
  EXPECT_EQ(stack.typed, "sh");
  EXPECT_EQ(Wanted({"scale", "web=1", "--", "wor"}).kind,
            Completes::kProcessCount);
  EXPECT_EQ(Wanted({"scale", "web=1", ""}).kind, Completes::kProcessCount);
  EXPECT_EQ(Wanted({"--context", ""}).kind, Completes::kContext);
  EXPECT_EQ(Wanted({"stacks", "apply", ""}).kind, Completes::kFile);
  EXPECT_EQ(Wanted({"stacks", "apply", "x", ""}).kind, Completes::kNothing);
  EXPECT_EQ(Wanted({"ps", "--json="}).kind, Completes::kNothing);
}

TEST(CandidatesTest, ContinueAList) {
  const WantedValues fields = Wanted({"ps", "--fields=pid,na"});
  EXPECT_EQ(fields.kind, Completes::kField);
  EXPECT_EQ(fields.prefix, "--fields=pid,");
  EXPECT_EQ(fields.typed, "na");
}

}  // namespace
}  // namespace tallyman::tally
