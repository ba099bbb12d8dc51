#include "tally/top/model/process_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "tally/top/model/host_process.h"

namespace tallyman::tally {
namespace {

using base::Quote;

enum class Unit { kWords, kNone, kBytes, kPercent, kSeconds };

struct Key {
  std::string_view name;
  std::string_view field;  // Of the API.
  Unit unit;
};

constexpr std::array kKeys = {
    Key{"name", "name", Unit::kWords},
    Key{"command", "command_line", Unit::kWords},
    Key{"user", "user", Unit::kWords},
    Key{"state", "state", Unit::kWords},
    Key{"unit", "unit", Unit::kWords},
    Key{"container", "container", Unit::kWords},
    Key{"stack", "stack", Unit::kWords},
    Key{"process", "process", Unit::kWords},
    Key{"pid", "pid", Unit::kNone},
    Key{"ppid", "ppid", Unit::kNone},
    Key{"session", "session", Unit::kNone},
    Key{"threads", "num_threads", Unit::kNone},
    Key{"nice", "nice", Unit::kNone},
    Key{"memory", "memory", Unit::kBytes},
    Key{"peak", "peak_memory", Unit::kBytes},
    Key{"virtual", "virtual_memory", Unit::kBytes},
    Key{"read", "io_bytes_read", Unit::kBytes},
    Key{"written", "io_bytes_written", Unit::kBytes},
    Key{"cpu", "cpu_seconds", Unit::kPercent},
    Key{"time", "cpu_seconds", Unit::kSeconds},
};

constexpr std::array kStates = {"running", "sleeping",     "disk-sleep",
                                "stopped", "tracing-stop", "zombie",
                                "dead",    "idle",         "parked"};

const Key* FindKey(std::string_view name) {
  const auto* const found =
      absl::c_find_if(kKeys, [&](const Key& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : found;
}

const HostMember* FindMember(std::string_view field) {
  const auto* const found = absl::c_find_if(
      kHostFields, [&](const HostField& one) { return one.key == field; });
  return found == kHostFields.end() ? nullptr : &found->member;
}

std::string Unquoted(std::string_view text) {
  return absl::StrReplaceAll(text, {{"\"", ""}});
}

// The values of one term: several with commas, unless quoted.
std::vector<std::string> ValuesOf(std::string_view raw) {
  if (absl::StrContains(raw, '"')) {
    std::string value = Unquoted(raw);
    if (value.empty()) return {};
    return {std::move(value)};
  }
  return absl::StrSplit(raw, ',', absl::SkipEmpty());
}

// False if `text` is no number of that unit.
bool ParseNumber(std::string_view text, Unit unit, double& number) {
  double factor = 1;
  if (unit == Unit::kBytes) {
    if (absl::EndsWithIgnoreCase(text, "b")) text.remove_suffix(1);
    if (absl::EndsWithIgnoreCase(text, "i")) text.remove_suffix(1);
    constexpr std::string_view kPrefixes = "kmgt";
    if (!text.empty()) {
      const size_t at = kPrefixes.find(
          absl::ascii_tolower(static_cast<unsigned char>(text.back())));
      if (at != std::string_view::npos) {
        factor = std::pow(1024, static_cast<double>(at + 1));
        text.remove_suffix(1);
      }
    }
  } else if (absl::EndsWith(text, "%")) {
    text.remove_suffix(1);
  }
  // absl::SimpleAtod() also takes "inf", "1e5" and blanks.
  const std::string_view digits =
      absl::StartsWith(text, "-") ? text.substr(1) : text;
  if (digits.empty() ||
      digits.find_first_not_of("0123456789.") != std::string_view::npos) {
    return false;
  }
  if (!absl::SimpleAtod(text, &number)) return false;
  number *= factor;
  return true;
}

std::string_view ExampleOf(Unit unit) {
  switch (unit) {
    case Unit::kBytes:
      return "300K, 100M, 1.5G";
    case Unit::kPercent:
      return "5, 12.5";
    case Unit::kWords:
    case Unit::kNone:
    case Unit::kSeconds:
      break;
  }
  return "12";
}

// Splits at blanks outside of quotation marks.
std::vector<std::string_view> Tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  size_t begin = 0;
  bool is_quoted = false;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool is_end =
        i == text.size() ||
        (!is_quoted &&
         absl::ascii_isspace(static_cast<unsigned char>(text[i])));
    if (is_end) {
      if (i > begin) tokens.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    }
  }
  return tokens;
}

}  // namespace

std::string SearchableText(const HostProcess& process) {
  return absl::AsciiStrToLower(
      absl::StrCat(process.name, "\n", process.command_line));
}

absl::StatusOr<ProcessSearch> ProcessSearch::Parse(std::string_view text) {
  if (absl::c_count(text, '"') % 2 == 1) {
    return absl::InvalidArgumentError("a quotation mark is open: close it");
  }
  ProcessSearch search;
  for (std::string_view token : Tokens(text)) {
    const bool is_negated =
        token.size() > 1 && token[0] == '-' && token[1] != '-';
    if (is_negated) token.remove_prefix(1);
    absl::StatusOr<Term> term = ParseTerm(token);
    if (!term.ok()) return term.status();
    term->is_negated = is_negated;
    search.terms_.push_back(*std::move(term));
  }
  return search;
}

absl::StatusOr<ProcessSearch::Term> ProcessSearch::ParseTerm(
    std::string_view token) {
  Term text{.words = {absl::AsciiStrToLower(Unquoted(token))}};
  const size_t at = token.find_first_of("<>:=");
  if (at == std::string_view::npos ||
      absl::StrContains(token.substr(0, at), '"')) {
    return text;
  }
  std::string name = absl::AsciiStrToLower(token.substr(0, at));
  const bool is_name = absl::c_all_of(name, [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || c == '_';
  });
  const char first = token[at];
  if (!is_name || (name.empty() && (first == ':' || first == '='))) return text;
  if (name.empty()) name = "memory";

  const Key* const key = FindKey(name);
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no key ", Quote(name), ": there are ",
                     absl::StrJoin(kKeys, ", ",
                                   [](std::string* out, const Key& one) {
                                     absl::StrAppend(out, one.name);
                                   }),
                     "; in quotation marks it is text"));
  }
  Term term{.key = key->name, .field = key->field};
  std::string_view raw = token.substr(at + 1);
  const bool has_equal =
      (first == '<' || first == '>') && absl::ConsumePrefix(&raw, "=");
  switch (first) {
    case '<':
      term.op = has_equal ? Operator::kAtMost : Operator::kLess;
      break;
    case '>':
      term.op = has_equal ? Operator::kAtLeast : Operator::kGreater;
      break;
    case '=':
      term.op = Operator::kIs;
      break;
    default:
      term.op = Operator::kBegins;
      break;
  }
  return key->unit == Unit::kWords ? ParseWords(std::move(term), raw)
                                   : ParseNumbers(std::move(term), raw);
}

absl::StatusOr<ProcessSearch::Term> ProcessSearch::ParseWords(
    Term term, std::string_view raw) {
  if (term.op != Operator::kBegins && term.op != Operator::kIs) {
    return absl::InvalidArgumentError(
        absl::StrCat(term.key, " is no number: write ", term.key, ":VALUE"));
  }
  term.words = ValuesOf(absl::AsciiStrToLower(raw));
  if (term.words.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value is missing after ", term.key));
  }
  if (term.key != "state") return term;
  for (const std::string& word : term.words) {
    if (absl::c_any_of(kStates, [&](std::string_view state) {
          return absl::StartsWith(state, word);
        })) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("no state ", Quote(word), ": there are ",
                     absl::StrJoin(kStates, ", ")));
  }
  return term;
}

absl::StatusOr<ProcessSearch::Term> ProcessSearch::ParseNumbers(
    Term term, std::string_view raw) {
  const Unit unit = FindKey(term.key)->unit;
  const bool is_equal =
      term.op == Operator::kBegins || term.op == Operator::kIs;
  if (is_equal && unit != Unit::kNone) {
    return absl::InvalidArgumentError(
        absl::StrCat("write ", term.key, ">VALUE or ", term.key, "<VALUE"));
  }
  std::vector<std::string> texts;
  if (is_equal) {
    texts = ValuesOf(raw);
  } else if (std::string text = Unquoted(raw); !text.empty()) {
    texts.push_back(std::move(text));
  }
  if (texts.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a number is missing after ", term.key));
  }
  for (const std::string& text : texts) {
    double number = 0;
    if (!ParseNumber(text, unit, number)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quote(text), " after ", term.key,
                       " is no number: write one as ", ExampleOf(unit)));
    }
    term.numbers.push_back(number);
  }
  return term;
}

bool ProcessSearch::Matches(const SearchedProcess& searched) const {
  return absl::c_all_of(terms_, [&](const Term& term) {
    bool matches = false;
    if (term.key.empty()) {
      matches = absl::StrContains(searched.text, term.words.front());
    } else if (term.numbers.empty()) {
      matches = MatchesWords(term, searched);
    } else {
      matches = MatchesNumbers(term, searched);
    }
    return matches != term.is_negated;
  });
}

bool ProcessSearch::MatchesWords(const Term& term,
                                 const SearchedProcess& searched) {
  const auto* const member =
      std::get_if<std::string HostProcess::*>(FindMember(term.field));
  const std::string value = absl::AsciiStrToLower(searched.process.**member);
  const bool contains = term.key == "name" || term.key == "command";
  const auto fits = [&](std::string_view text, std::string_view wanted) {
    if (term.op == Operator::kIs) return text == wanted;
    return contains ? absl::StrContains(text, wanted)
                    : absl::StartsWith(text, wanted);
  };
  const std::string stack = term.key == "stack"
                                ? absl::AsciiStrToLower(searched.stack_name)
                                : std::string();
  return absl::c_any_of(term.words, [&](std::string_view wanted) {
    return fits(value, wanted) || (!stack.empty() && fits(stack, wanted));
  });
}

bool ProcessSearch::MatchesNumbers(const Term& term,
                                   const SearchedProcess& searched) {
  double value = 0;
  if (term.key == "cpu") {
    value = searched.share * 100;
    if (std::isnan(value)) return false;
  } else {
    const HostMember& member = *FindMember(term.field);
    if (const auto* whole = std::get_if<int64_t HostProcess::*>(&member)) {
      const int64_t number = searched.process.**whole;
      if (term.key == "nice" ? number == kUnknownNice : number < 0) {
        return false;
      }
      value = static_cast<double>(number);
    } else {
      value = searched.process.*std::get<double HostProcess::*>(member);
      if (value < 0) return false;
    }
  }
  const double wanted = term.numbers.front();
  switch (term.op) {
    case Operator::kBegins:
    case Operator::kIs:
      return absl::c_linear_search(term.numbers, value);
    case Operator::kGreater:
      return value > wanted;
    case Operator::kLess:
      return value < wanted;
    case Operator::kAtLeast:
      return value >= wanted;
    case Operator::kAtMost:
      return value <= wanted;
  }
  return false;
}

std::vector<std::string_view> ProcessSearch::Fields() const {
  std::vector<std::string_view> fields;
  const auto add = [&](std::string_view field) {
    if (!absl::c_linear_search(fields, field)) fields.push_back(field);
  };
  for (const Term& term : terms_) {
    if (term.key.empty()) {
      add("name");
      add("command_line");
    } else {
      add(term.field);
    }
  }
  return fields;
}

}  // namespace tallyman::tally
