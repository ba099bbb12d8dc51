#include "tally/cli/parser.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/base/no_destructor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/cli/command.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<CommandSpec>& Table() {
  static const absl::NoDestructor<std::vector<CommandSpec>> table(
      std::vector<CommandSpec>{
          {.path = "ps",
           .arguments = {{.name = "FILTER", .optional = true}},
           .options = {{.name = "sort", .value = "KEY"},
                       {.name = "tree", .letter = 't'},
                       {.name = "state",
                        .value = "STATE",
                        .choices = {"running", "sleeping"}}}},
          {.path = "stacks list",
           .arguments = {{.name = "PATTERN", .optional = true}},
           .alias = "stacks"},
          {.path = "stacks apply",
           .arguments = {{.name = "FILE"}},
           .options = {{.name = "stack", .letter = 's', .value = "STACK"}}},
          {.path = "processes scale",
           .arguments = {{.name = "COUNT", .repeated = true}},
           .options = {{.name = "stack", .letter = 's', .value = "STACK"},
                       {.name = "env", .value = "NAME", .repeated = true}},
           .alias = "scale"}});
  return *table;
}

Invocation Valid(const std::vector<std::string>& words) {
  absl::StatusOr<Invocation> invocation = Parse(Table(), words);
  EXPECT_TRUE(invocation.ok()) << invocation.status();
  return invocation.ok() ? *invocation : Invocation(&Table().front());
}

std::string Error(const std::vector<std::string>& words) {
  const absl::StatusOr<Invocation> invocation = Parse(Table(), words);
  if (invocation.ok()) return "none";
  EXPECT_EQ(invocation.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(invocation.status().message());
}

TEST(ParserTest, FindsCommandsAndTheirOtherNames) {
  EXPECT_EQ(Valid({"ps"}).command().path, "ps");
  EXPECT_EQ(Valid({"stacks"}).command().path, "stacks list");
  EXPECT_EQ(Valid({"stacks", "list"}).command().path, "stacks list");
  EXPECT_EQ(Valid({"scale", "web=4"}).command().path, "processes scale");
}

TEST(ParserTest, TakesOptionsInAllForms) {
  EXPECT_EQ(Valid({"ps", "--sort", "-memory"}).Value("sort"), "-memory");
  EXPECT_EQ(Valid({"ps", "--sort=-memory"}).Value("sort"), "-memory");
  EXPECT_EQ(Valid({"scale", "-s", "shop", "web=1"}).Value("stack"), "shop");
  EXPECT_EQ(Valid({"scale", "-sshop", "web=1"}).Value("stack"), "shop");
  EXPECT_EQ(Valid({"scale", "web=1", "-s", "a=b"}).Value("stack"), "a=b");
  EXPECT_TRUE(Valid({"--json", "ps", "-qt"}).Has("json"));
  EXPECT_TRUE(Valid({"ps", "-qt"}).Has("tree"));
  EXPECT_TRUE(Valid({"ps", "-qt"}).Has("quiet"));
  EXPECT_EQ(Valid({"--token-file", "-", "ps"}).Value("token-file"), "-");
  EXPECT_THAT(Valid({"scale", "--env=A", "--env", "B", "web=1"}).Values("env"),
              ElementsAre("A", "B"));
}

TEST(ParserTest, TakesArguments) {
  EXPECT_THAT(
      Valid({"scale", "web=4", "worker=+2", "[+5]", "a,b"}).Values("COUNT"),
      ElementsAre("web=4", "worker=+2", "[+5]", "a,b"));
  EXPECT_THAT(Valid({"scale", "--", "-s", "--json"}).Values("COUNT"),
              ElementsAre("-s", "--json"));
  // Arguments that are names of commands.
  EXPECT_EQ(Valid({"ps", "stacks"}).Value("FILTER"), "stacks");
  EXPECT_EQ(Valid({"stacks", "apply", "ps"}).Value("FILE"), "ps");
  EXPECT_EQ(Valid({"ps", ""}).Value("FILTER"), "");
}

TEST(ParserTest, NamesTheNearestCommand) {
  EXPECT_THAT(Error({"pss"}), HasSubstr("unknown command \"pss\"; did you "
                                        "mean \"ps\"?"));
  EXPECT_THAT(Error({"sacle", "web=1"}), HasSubstr("did you mean \"scale\"?"));
  EXPECT_THAT(Error({"processes", "scal"}),
              HasSubstr("did you mean \"scale\"?"));
  EXPECT_EQ(Error({"kubernetes"}),
            "unknown command \"kubernetes\"; `tally --help` lists the "
            "commands");
}

TEST(ParserTest, NamesTheNearestOption) {
  EXPECT_EQ(Error({"ps", "--srot=pid"}),
            "unknown option \"--srot=pid\"; did you mean \"--sort\"?; see "
            "`tally ps --help`");
  EXPECT_THAT(Error({"--jsno", "ps"}), HasSubstr("did you mean \"--json\"?"));
  EXPECT_THAT(Error({"ps", "-x"}), HasSubstr("unknown option \"-x\""));
}

TEST(ParserTest, RefusesWrongNumbersOfValues) {
  EXPECT_EQ(Error({"ps", "--sort"}),
            "--sort needs a value; see `tally ps --help`");
  EXPECT_EQ(Error({"scale", "web=1", "-s"}),
            "--stack needs a value; see `tally processes scale --help`");
  EXPECT_EQ(Error({"ps", "--sort=", "pid"}),
            "--sort needs a value behind \"=\"; see `tally ps --help`");
  EXPECT_EQ(Error({"ps", "--tree=yes"}),
            "--tree takes no value; see `tally ps --help`");
  EXPECT_EQ(Error({"ps", "--json=no"}),
            "--json takes no value; see `tally ps --help`");
  EXPECT_EQ(Error({"ps", "a", "b"}),
            "unexpected argument \"b\"; see `tally ps --help`");
  EXPECT_EQ(Error({"scale"}),
            "COUNT is missing; see `tally processes scale --help`");
  EXPECT_THAT(Error({"stacks", "apply", "a", "b"}),
              HasSubstr("unexpected argument \"b\""));
}

TEST(ParserTest, RefusesOtherChoices) {
  EXPECT_EQ(Error({"ps", "--state=dead"}),
            "--state: \"dead\" is none of running, sleeping");
}

TEST(ParserTest, NeedsACommand) {
  EXPECT_EQ(Error({"--json"}),
            "a command is missing; `tally --help` lists them");
  EXPECT_EQ(Error({"processes"}),
            "\"processes\" needs one of its commands: "
            "scale");
}

TEST(ParserTest, KnowsWhoseHelpIsAskedFor) {
  EXPECT_EQ(Valid({"--help"}).Value("help"), "overview");
  EXPECT_EQ(Valid({"--no-color", "-h"}).Value("help"), "overview");
  EXPECT_EQ(Valid({"stacks", "--help"}).Value("help"), "group");
  EXPECT_EQ(Valid({"processes", "-h"}).Value("help"), "group");
  const Invocation command = Valid({"scale", "--help"});
  EXPECT_EQ(command.Value("help"), "");
  EXPECT_EQ(command.command().path, "processes scale");
}

}  // namespace
}  // namespace tallyman::tally
