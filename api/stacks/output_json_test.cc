#include "api/stacks/output_json.h"

#include <memory>
#include <string>

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

}  // namespace
}  // namespace tallyman::api
