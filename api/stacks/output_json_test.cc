#include "api/stacks/output_json.h"

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

TEST(OutputJsonTest, IsAListOfLines) {
  const std::unique_ptr<Redactor> redactor =
      *Redactor::Create(DefaultSecretNames());
  std::string text;
  JsonWriter json(text);
  WriteInstanceOutput({.process = "web",
                       .server = "server_name",
                       .instance = 3,
                       .lines = {"ready", "api_key=abc", "\xff", ""}},
                      *redactor, json);
  EXPECT_EQ(text,
            "{\"process\":\"web\",\"server\":\"server_name\",\"instance\":3,"
            "\"lines\":[\"ready\",\"api_key=***\",\"\xEF\xBF\xBD\",\"\"]}");
}

TEST(OutputJsonTest, HasTheTimesOfItsLines) {
  std::string text;
  JsonWriter json(text);
  WriteInstanceOutput(
      {.process = "web",
       .server = "host",
       .instance = 3,
       .lines = {"a", "b"},
       .has_times = true,
       .times = {{.seen = absl::FromUnixMillis(1'600'000'000'123)},
                 {.after = absl::FromUnixMillis(1'600'000'000'123),
                  .seen = absl::FromUnixMillis(1'600'000'001'000)}}},
      *Redactor::Disabled(), json);
  EXPECT_EQ(
      text,
      R"({"process":"web","server":"host","instance":3,"lines":["a","b"],)"
      R"("times":[{"seen_at":"2020-09-13T12:26:40.123+00:00",)"
      R"("written_after":null},{"seen_at":"2020-09-13T12:26:41.000+00:00",)"
      R"("written_after":"2020-09-13T12:26:40.123+00:00"}]})");
}

}  // namespace
}  // namespace tallyman::api
