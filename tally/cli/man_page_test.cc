#include "tally/cli/man_page.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/cli/command.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ManPageTest, HasCommandsOptionsAndExitCodes) {
  const std::vector<CommandSpec> table = {
      {.path = "logs",
       .summary = "Show the output",
       .details = "First.\n\n.Second \\ of all",
       .arguments = {{.name = "NAME", .help = "the process"}},
       .options = {{.name = "since", .value = "TIME", .help = "how old"},
                   {.name = "follow", .letter = 'f', .help = "go on"}},
       .examples = {{.line = "tally logs web -f", .explanation = "follows"}}},
      {.path = "secret", .summary = "Not shown", .hidden = true}};
  const std::string page = ManPage(table, "1.2.3", "2026-11-30");
  EXPECT_THAT(page, HasSubstr(".TH TALLY 1 2026-11-30 \"Tallyman 1.2.3\"\n"));
  EXPECT_THAT(page, HasSubstr(".SS tally logs [OPTIONS] NAME\nShow the output."
                              "\n.PP\nFirst.\n.PP\n\\&.Second \\e of all\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-\\-since\\fR=\\fITIME\\fR\nHow old."
                              "\n.TP\n\\fB\\-f\\fR, \\fB\\-\\-follow\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\\fBtally logs web \\-f\\fR\nFollows.\n"));
  EXPECT_THAT(page, HasSubstr("\\fB124\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-json\\fR"));
  EXPECT_THAT(page, Not(HasSubstr("Not shown")));
}

}  // namespace
}  // namespace tallyman::tally
