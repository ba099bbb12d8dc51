#include "tally/processes/process_filter.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Query = std::vector<std::pair<std::string, std::string>>;

ProcessRecord Nginx() {
  return {.p = {{"pid", 812},
                {"ppid", 1},
                {"name", "nginx"},
                {"command_line", "nginx: Worker process \"a b\""},
                {"user", "www-data"},
                {"state", "sleeping"},
                {"memory", 200 << 20},
                {"peak_memory", -1},
                {"nice", -5},
                {"cpu_seconds", 12.5},
                {"unit", "nginx.service"},
                {"stack", "5999b763"}},
          .cpu = 0.25};
}

bool Matches(std::string_view text) {
  const absl::StatusOr<ProcessFilter> filter =
      ProcessFilter::Parse(text, {{"5999b763", "Shop"}});
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() && filter->Matches(Nginx());
}

std::string ErrorOf(std::string_view text) {
  const absl::Status status = ProcessFilter::Parse(text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
  return std::string(status.message());
}

TEST(ProcessFilterTest, WordsAreFoundInNamesAndCommandLines) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("nginx worker"));
  EXPECT_TRUE(Matches("\"worker process\""));
  EXPECT_FALSE(Matches("\"process worker\""));
  EXPECT_FALSE(Matches("nginx apache"));
  EXPECT_FALSE(Matches("www-data"));
}

TEST(ProcessFilterTest, KeysOfWords) {
  EXPECT_TRUE(Matches("user:www"));
  EXPECT_TRUE(Matches("USER:WWW"));
  EXPECT_FALSE(Matches("user=www"));
  EXPECT_TRUE(Matches("user=root,www-data"));
  EXPECT_FALSE(Matches("user:data"));
  EXPECT_TRUE(Matches("command:worker"));
  EXPECT_TRUE(Matches("state:sl"));
  EXPECT_TRUE(Matches("unit:nginx"));
  EXPECT_TRUE(Matches("stack:shop"));
  EXPECT_TRUE(Matches("stack:5999"));
  EXPECT_FALSE(Matches("stack:other"));
}

TEST(ProcessFilterTest, Numbers) {
  EXPECT_TRUE(Matches(">100M"));
  EXPECT_TRUE(Matches(">=200MiB"));
  EXPECT_FALSE(Matches(">200M"));
  EXPECT_TRUE(Matches("memory<0.2G"));
  EXPECT_TRUE(Matches("pid:1,812"));
  EXPECT_FALSE(Matches("pid=81"));
  EXPECT_TRUE(Matches("cpu>24.9%"));
  EXPECT_FALSE(Matches("cpu>25"));
  EXPECT_TRUE(Matches("time>=12"));
  EXPECT_TRUE(Matches("nice<0"));
}

TEST(ProcessFilterTest, UnknownNumbersMatchNothing) {
  EXPECT_FALSE(Matches("peak>0"));
  EXPECT_FALSE(Matches("peak<1"));
  EXPECT_FALSE(Matches("virtual<1T"));
}

TEST(ProcessFilterTest, Negation) {
  EXPECT_FALSE(Matches("-user:www"));
  EXPECT_TRUE(Matches("-user:root -apache"));
  EXPECT_FALSE(Matches("--daemon"));
  EXPECT_FALSE(Matches("->100M"));
}

TEST(ProcessFilterTest, ErrorsSayHowToWriteIt) {
  EXPECT_THAT(ErrorOf("foo:x"), HasSubstr("\"foo\" is no key"));
  EXPECT_THAT(ErrorOf("user>x"), HasSubstr("write user:VALUE"));
  EXPECT_THAT(ErrorOf("user:"), HasSubstr("a value is missing after user:"));
  EXPECT_THAT(ErrorOf("user:\"\""), HasSubstr("a value is missing"));
  EXPECT_THAT(ErrorOf("memory:1"), HasSubstr("write memory>VALUE"));
  EXPECT_THAT(ErrorOf(">"), HasSubstr("a number is missing after memory>"));
  EXPECT_THAT(ErrorOf(">1X"), HasSubstr("\"1X\" after memory>"));
  EXPECT_THAT(ErrorOf("cpu>nan"), HasSubstr("as 5 or 12.5"));
  EXPECT_THAT(ErrorOf("state:wild"), HasSubstr("states are running"));
  EXPECT_THAT(ErrorOf("a \"b"), HasSubstr("a quote"));
}

TEST(ProcessFilterTest, TheServerDecidesWhatItCan) {
  const absl::StatusOr<ProcessFilter> filter =
      ProcessFilter::Parse("state:s,z pid:1,812 >100M user:root nginx");
  ASSERT_TRUE(filter.ok()) << filter.status();
  Query query;
  const ProcessFilter rest = filter->MoveTo(query);
  EXPECT_THAT(query, ElementsAre(Pair("state", "sleeping,stopped,zombie"),
                                 Pair("pid", "1,812"),
                                 Pair("min_memory", "104857600")));
  // ">" is more than the server's "at least".
  EXPECT_THAT(rest.Fields(),
              ElementsAre("memory", "user", "name", "command_line"));
  EXPECT_FALSE(rest.Matches(Nginx()));
}

TEST(ProcessFilterTest, NegatedTermsAndTakenParametersStay) {
  const absl::StatusOr<ProcessFilter> filter =
      ProcessFilter::Parse("-state:zombie pid:1 >=1M");
  ASSERT_TRUE(filter.ok()) << filter.status();
  Query query = {{"pid", "7"}};
  const ProcessFilter rest = filter->MoveTo(query);
  EXPECT_THAT(query,
              ElementsAre(Pair("pid", "7"), Pair("min_memory", "1048576")));
  EXPECT_THAT(rest.Fields(), ElementsAre("state", "pid"));
}

TEST(ProcessFilterTest, TermsOfOptions) {
  ProcessFilter filter;
  EXPECT_THAT(filter.Fields(), IsEmpty());
  filter.AddEqual("user", {"root", "www-data"});
  filter.AddAtLeast("memory", 200 << 20);
  EXPECT_TRUE(filter.Matches(Nginx()));
  filter.AddEqual("user", {"www"});
  EXPECT_FALSE(filter.Matches(Nginx()));
}

TEST(ProcessFilterTest, KnowsWhetherItNeedsNamesOfStacks) {
  EXPECT_TRUE(ProcessFilter::NamesStacks("a -stack:shop"));
  EXPECT_FALSE(ProcessFilter::NamesStacks("stack \"stack:shop\" user:stack"));
}

}  // namespace
}  // namespace tallyman::tally
