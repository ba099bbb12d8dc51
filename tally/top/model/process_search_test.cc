#include "tally/top/model/process_search.h"

#include <cmath>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/host_process.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

HostProcess Nginx() {
  return {.pid = 812,
          .name = "nginx",
          .command_line = "nginx: Worker process",
          .user = "www-data",
          .state = "disk-sleep",
          .memory = 100 << 20,
          .num_threads = 4,
          .nice = -1,
          .unit = "nginx.service",
          .stack = "5999b763"};
}

bool Matches(std::string_view text, const HostProcess& process = Nginx(),
             double share = 0.07) {
  const absl::StatusOr<ProcessSearch> search = ProcessSearch::Parse(text);
  EXPECT_TRUE(search.ok()) << search.status();
  return search.ok() && search->Matches({.process = process,
                                         .text = SearchableText(process),
                                         .share = share,
                                         .stack_name = "Shop"});
}

TEST(ProcessSearchTest, TextIsInTheNameOrTheCommandLine) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("NGINX worker"));
  EXPECT_FALSE(Matches("nginx master"));
  EXPECT_TRUE(Matches("\"worker process\""));
  EXPECT_FALSE(Matches("\"process worker\""));
  EXPECT_TRUE(Matches("-master"));
  EXPECT_FALSE(Matches("-nginx"));
  EXPECT_FALSE(Matches("--flag"));
}

TEST(ProcessSearchTest, WordsBeginAsTheValue) {
  EXPECT_TRUE(Matches("user:www"));
  EXPECT_FALSE(Matches("user=www"));
  EXPECT_TRUE(Matches("user=www-data"));
  EXPECT_TRUE(Matches("user:root,www"));
  EXPECT_FALSE(Matches("user:root,app"));
  EXPECT_TRUE(Matches("state:disk"));
  EXPECT_FALSE(Matches("-unit:nginx"));
  EXPECT_TRUE(Matches("name:gin"));
  EXPECT_TRUE(Matches("stack:5999"));
  EXPECT_TRUE(Matches("stack:sho"));
  EXPECT_FALSE(Matches("stack:other"));
}

TEST(ProcessSearchTest, NumbersCompareInTheirUnits) {
  EXPECT_TRUE(Matches(">99M"));
  EXPECT_FALSE(Matches(">100M"));
  EXPECT_TRUE(Matches(">=100MiB"));
  EXPECT_TRUE(Matches("memory<0.1G"));
  EXPECT_TRUE(Matches("cpu>5"));
  EXPECT_FALSE(Matches("cpu>7.5%"));
  EXPECT_TRUE(Matches("pid:811,812"));
  EXPECT_FALSE(Matches("pid:81"));
  EXPECT_TRUE(Matches("threads>=4 threads<=4"));
}

TEST(ProcessSearchTest, UnknownMatchesNoNumber) {
  const HostProcess unknown = {.pid = 1};
  EXPECT_FALSE(Matches("memory<1G", unknown));
  EXPECT_FALSE(Matches("time>=0", unknown));
  EXPECT_FALSE(Matches("nice<0", unknown));
  EXPECT_TRUE(Matches("nice<0"));  // -1 is a niceness.
  EXPECT_FALSE(Matches("cpu<5", Nginx(), std::nan("")));
}

TEST(ProcessSearchTest, SaysWhatIsWrong) {
  const auto error = [](std::string_view text) {
    return std::string(ProcessSearch::Parse(text).status().message());
  };
  EXPECT_THAT(error("\"open"), HasSubstr("quotation mark is open"));
  EXPECT_THAT(error("color:red"), HasSubstr("no key \"color\""));
  EXPECT_THAT(error("state:happy"), HasSubstr("no state \"happy\""));
  EXPECT_THAT(error("user>5"), HasSubstr("user is no number"));
  EXPECT_THAT(error("user:"), HasSubstr("a value is missing"));
  EXPECT_THAT(error("memory:5"), HasSubstr("write memory>VALUE"));
  EXPECT_THAT(error("memory>"), HasSubstr("a number is missing"));
  EXPECT_THAT(error(">5X"), HasSubstr("\"5X\" after memory is no number"));
  EXPECT_THAT(error("cpu>1e3"), HasSubstr("is no number"));
}

TEST(ProcessSearchTest, QuotedKeysAreText) {
  EXPECT_FALSE(Matches("\"color:red\""));
  EXPECT_FALSE(Matches("\"http://example\""));
  EXPECT_FALSE(Matches("::1"));
}

TEST(ProcessSearchTest, NamesTheFieldsThatItReads) {
  const absl::StatusOr<ProcessSearch> search =
      ProcessSearch::Parse("text user:a >5M read>1K");
  ASSERT_TRUE(search.ok());
  EXPECT_THAT(search->Fields(),
              UnorderedElementsAre("name", "command_line", "user", "memory",
                                   "io_bytes_read"));
}

}  // namespace
}  // namespace tallyman::tally
