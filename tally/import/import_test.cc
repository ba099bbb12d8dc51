// Imports the files below testdata/import and compares definitions and notes
// with the expected ones. The server's own reader takes each definition.

#include "tally/import/import.h"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/stacks/stack_definition_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;

std::string ReadTestdata(std::string_view name) {
  std::ifstream file(absl::StrCat("testdata/import/", name));
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string NotesText(const std::vector<ImportNote>& notes) {
  std::string text;
  for (const ImportNote& note : notes) {
    absl::StrAppend(&text, FormatNote(note), "\n");
  }
  return text;
}

// Compares with FOLDER/expected.json and FOLDER/expected_notes.txt.
void ExpectImport(std::string_view folder,
                  const std::vector<std::string>& names, ImportFormat format,
                  const ImportOptions& options) {
  std::vector<ImportFile> files;
  for (const std::string& name : names) {
    files.push_back(
        {.name = name, .text = ReadTestdata(absl::StrCat(folder, "/", name))});
  }
  const absl::StatusOr<ImportFormat> guessed = GuessFormat(files[0]);
  ASSERT_TRUE(guessed.ok()) << guessed.status();
  EXPECT_EQ(*guessed, format);
  const absl::StatusOr<ImportResult> result = Import(format, files, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(absl::StrCat(result->definition.dump(2), "\n"),
            ReadTestdata(absl::StrCat(folder, "/expected.json")));
  EXPECT_EQ(NotesText(result->notes),
            ReadTestdata(absl::StrCat(folder, "/expected_notes.txt")));
  const absl::StatusOr<stacks::StackDefinition> accepted =
      api::ParseStackDefinition(result->definition.dump());
  EXPECT_TRUE(accepted.ok()) << accepted.status();
}

TEST(ImportTest, Supervisord) {
  ExpectImport("supervisord", {"supervisord.conf"}, ImportFormat::kSupervisord,
               {});
}

TEST(ImportTest, Compose) {
  ExpectImport("compose", {"compose.yaml", "worker.env"},
               ImportFormat::kCompose, {});
}

TEST(ImportTest, Pm2) {
  ExpectImport("pm2", {"ecosystem.config.json"}, ImportFormat::kPm2,
               {.stack_name = "shop",
                .environment = "production",
                .base_directory = "/srv/shop",
                .processors = 8});
}

TEST(ImportTest, DumpOfPm2) {
  ExpectImport("pm2_dump", {"dump.pm2"}, ImportFormat::kPm2, {});
}

TEST(ImportTest, Systemd) {
  ExpectImport("systemd",
               {"web.service", "web.service.d/override.conf", "worker@.service",
                "mail@.service", "shop.target", "shop.timer", "web.env"},
               ImportFormat::kSystemd, {});
}

TEST(ImportTest, Procfile) {
  ExpectImport("procfile", {"Procfile", ".env"}, ImportFormat::kProcfile,
               {.base_directory = "/srv/shop"});
}

std::string ErrorOf(ImportFormat format, std::string_view text) {
  const absl::StatusOr<ImportResult> result =
      Import(format, {{.name = "file", .text = std::string(text)}}, {});
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << text;
  return std::string(result.status().message());
}

TEST(ImportTest, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf(ImportFormat::kSupervisord, "[program:a]\n\nwrong\n"),
            "file:3: the line is not key=value");
  EXPECT_EQ(ErrorOf(ImportFormat::kSupervisord, "a=1\n"),
            "file:1: the line is before the first [section]");
  EXPECT_THAT(ErrorOf(ImportFormat::kCompose, "services:\n  a: [\n"),
              HasSubstr("file:3: is not YAML"));
  EXPECT_EQ(ErrorOf(ImportFormat::kCompose, "a: 1\na: 2\nservices: {}\n"),
            "file:2: the key \"a\" is there twice");
  EXPECT_EQ(ErrorOf(ImportFormat::kCompose, "web:\n  image: x\n"),
            "file:1: a compose file has a map called services");
  EXPECT_THAT(ErrorOf(ImportFormat::kPm2, "{\n\"apps\": [}\n"),
              HasSubstr("file:2: is not JSON"));
  EXPECT_EQ(ErrorOf(ImportFormat::kSystemd, "[Service]\nExecStart\n"),
            "file:2: the line is not key=value");
  EXPECT_EQ(ErrorOf(ImportFormat::kProcfile, "web: a\nweb: b\n"),
            "\"file\": line 2: the name \"web\" is taken already by line 1");
  EXPECT_EQ(ErrorOf(ImportFormat::kProcfile, std::string("a: b\n\x01", 6)),
            "file:2: there is a control character; the file is no text");
}

TEST(ImportTest, WithoutAnyProcessTheErrorSaysWhy) {
  EXPECT_THAT(
      ErrorOf(ImportFormat::kCompose, "services:\n  db:\n    image: x\n"),
      HasSubstr("file:2: services.db: the service has no command"));
}

TEST(ImportTest, AliasesCanNotStandForTooMuch) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&text, "*a", i - 1, ",");
    absl::StrAppend(&text, "]\n");
  }
  EXPECT_THAT(ErrorOf(ImportFormat::kCompose, text),
              HasSubstr("the aliases stand for too many values"));
  EXPECT_THAT(ErrorOf(ImportFormat::kCompose, "a: &a [*a]\n"),
              HasSubstr("inside of its own anchor"));
  EXPECT_THAT(ErrorOf(ImportFormat::kCompose, std::string(300, '[')),
              HasSubstr("nest too deeply"));
}

TEST(GuessFormatTest, ByNameElseByText) {
  const auto guess = [](std::string_view name, std::string_view text) {
    const absl::StatusOr<ImportFormat> format =
        GuessFormat({.name = std::string(name), .text = std::string(text)});
    return format.ok() ? std::string(FormatName(*format))
                       : std::string(format.status().message());
  };
  EXPECT_EQ(guess("/etc/supervisor/supervisord.conf", ""), "supervisord");
  EXPECT_EQ(guess("docker-compose.prod.yml", ""), "compose");
  EXPECT_EQ(guess("worker@.service", ""), "systemd");
  EXPECT_EQ(guess("Procfile.dev", ""), "procfile");
  EXPECT_EQ(guess("a.conf", "\n[program:web]\ncommand=x\n"), "supervisord");
  EXPECT_EQ(guess("-", "[Unit]\nDescription=x\n"), "systemd");
  EXPECT_EQ(guess("-", "services:\n  web: {}\n"), "compose");
  EXPECT_EQ(guess("-", "{\"apps\":[]}"), "pm2");
  EXPECT_EQ(guess("-", "web: bin/web\n"), "procfile");
  EXPECT_THAT(guess("ecosystem.config.js", "module.exports = {}"),
              HasSubstr("pm2 save"));
  EXPECT_THAT(guess("-", "hello"), HasSubstr("name it: supervisord"));
}

TEST(FormatNameTest, ReadsBack) {
  for (const std::string_view name :
       {"supervisord", "compose", "pm2", "systemd", "procfile"}) {
    ASSERT_TRUE(ParseFormatName(name).has_value()) << name;
    EXPECT_EQ(FormatName(*ParseFormatName(name)), name);
  }
  EXPECT_FALSE(ParseFormatName("ini").has_value());
}

}  // namespace
}  // namespace tallyman::tally
