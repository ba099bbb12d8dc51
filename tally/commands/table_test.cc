#include "tally/commands/table.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/cli/command.h"
#include "tally/cli/help.h"
#include "tally/cli/parser.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

bool IsPhrase(std::string_view text) {
  return !text.empty() && !absl::EndsWith(text, ".") &&
         text == absl::StripAsciiWhitespace(text) &&
         !absl::StrContains(text, "\n");
}

// The words of an example up to a redirection or pipe, with "" and '' removed.
std::vector<std::string> WordsOf(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 &&
        (c == '|' || c == '>' || c == '<' || c == ';' || c == '&')) {
      break;
    }
    if (quote == 0 && c == ' ') {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      in_word = true;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

TEST(TableTest, ExplainsEachCommand) {
  for (const CommandSpec& command : CommandTable()) {
    SCOPED_TRACE(command.path);
    EXPECT_NE(command.run, nullptr);
    EXPECT_TRUE(IsPhrase(command.summary)) << command.summary;
    EXPECT_TRUE(absl::ascii_isupper(
        static_cast<unsigned char>(command.summary.front())))
        << command.summary;
    for (const ArgumentSpec& argument : command.arguments) {
      EXPECT_EQ(argument.name, absl::AsciiStrToUpper(argument.name));
      EXPECT_TRUE(IsPhrase(argument.help)) << argument.name;
    }
    for (size_t i = 0; i + 1 < command.arguments.size(); ++i) {
      EXPECT_FALSE(command.arguments[i].repeated)
          << "only the last argument takes all that follow";
    }
  }
}

TEST(TableTest, ExplainsEachOption) {
  for (const CommandSpec& command : CommandTable()) {
    SCOPED_TRACE(command.path);
    std::set<std::string> names;
    std::vector<OptionSpec> options = GlobalOptions();
    options.insert(options.end(), command.options.begin(),
                   command.options.end());
    for (const OptionSpec& option : options) {
      EXPECT_TRUE(IsPhrase(option.help)) << option.name;
      EXPECT_EQ(option.name, absl::AsciiStrToLower(option.name));
      EXPECT_EQ(option.value, absl::AsciiStrToUpper(option.value));
      EXPECT_TRUE(names.insert(std::string(option.name)).second)
          << "two options --" << option.name;
      if (option.letter != 0) {
        EXPECT_TRUE(names.insert(std::string(1, option.letter)).second)
            << "two options -" << option.letter;
      }
      EXPECT_TRUE(option.choices.empty() || !option.value.empty());
    }
  }
}

TEST(TableTest, HasEachNameOnce) {
  std::set<std::string_view> names;
  for (const CommandSpec& command : CommandTable()) {
    EXPECT_TRUE(names.insert(command.path).second) << command.path;
    if (!command.alias.empty()) {
      EXPECT_TRUE(names.insert(command.alias).second) << command.alias;
    }
  }
}

TEST(TableTest, HasExamplesThatParse) {
  for (const CommandSpec& command : CommandTable()) {
    SCOPED_TRACE(command.path);
    EXPECT_FALSE(command.examples.empty());
    for (const ExampleSpec& example : command.examples) {
      SCOPED_TRACE(example.line);
      EXPECT_TRUE(IsPhrase(example.explanation)) << example.explanation;
      std::vector<std::string> words = WordsOf(example.line);
      ASSERT_FALSE(words.empty());
      EXPECT_EQ(words.front(), "tally");
      words.erase(words.begin());
      const absl::StatusOr<Invocation> parsed = Parse(CommandTable(), words);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(parsed->command().path, command.path);
    }
  }
}

TEST(TableTest, HelpShowsAllButHiddenCommands) {
  const std::string overview = Overview(CommandTable());
  for (const CommandSpec& command : CommandTable()) {
    const std::string line = absl::StrCat("\n  ", command.path, " ");
    if (command.hidden) {
      EXPECT_THAT(overview, Not(HasSubstr(line)));
    } else {
      EXPECT_THAT(overview, HasSubstr(line));
    }
  }
}

TEST(TableTest, HelpFitsTheTerminal) {
  std::vector<std::string> texts = {Overview(CommandTable())};
  for (const CommandSpec& command : CommandTable()) {
    // Examples are lines to copy, and stay whole.
    const std::string help = CommandHelp(command);
    texts.push_back(help.substr(0, help.find("\nExamples:")));
  }
  for (const std::string& text : texts) {
    for (const std::string_view line : absl::StrSplit(text, '\n')) {
      EXPECT_LE(line.size(), 80U) << line;
    }
  }
}

}  // namespace
}  // namespace tallyman::tally
