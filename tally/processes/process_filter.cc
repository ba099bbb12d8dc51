#include "tally/processes/process_filter.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

// proc_pid_status(5), as the API writes them.
constexpr std::string_view kStates[] = {"running", "sleeping",     "disk-sleep",
                                        "stopped", "tracing-stop", "zombie",
                                        "dead",    "idle",         "parked"};

struct WordKey {
  std::string_view name;
  std::string_view key;  // Of the API.
};

constexpr WordKey kWords[] = {{"name", "name"},   {"command", "command_line"},
                              {"user", "user"},   {"state", "state"},
                              {"unit", "unit"},   {"container", "container"},
                              {"stack", "stack"}, {"process", "process"}};

enum class Unit { kNone, kBytes, kPercent, kSeconds };

struct NumberKey {
  std::string_view name;
  std::string_view key;
  Unit unit;
};

constexpr NumberKey kNumbers[] = {{"pid", "pid", Unit::kNone},
                                  {"ppid", "ppid", Unit::kNone},
                                  {"session", "session", Unit::kNone},
                                  {"threads", "num_threads", Unit::kNone},
                                  {"nice", "nice", Unit::kNone},
                                  {"memory", "memory", Unit::kBytes},
                                  {"peak", "peak_memory", Unit::kBytes},
                                  {"virtual", "virtual_memory", Unit::kBytes},
                                  {"read", "io_bytes_read", Unit::kBytes},
                                  {"written", "io_bytes_written", Unit::kBytes},
                                  {"cpu", "cpu_seconds", Unit::kPercent},
                                  {"time", "cpu_seconds", Unit::kSeconds}};

template <typename Key, size_t kSize>
const Key* FindKey(const Key (&keys)[kSize], std::string_view name) {
  for (const Key& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::string KeyNames() {
  std::vector<std::string_view> names;
  for (const WordKey& key : kWords) names.push_back(key.name);
  for (const NumberKey& key : kNumbers) names.push_back(key.name);
  return absl::StrJoin(names, ", ");
}

std::string Unquote(std::string_view text) {
  return absl::StrReplaceAll(text, {{"\"", ""}});
}

// The values of one term, separated by commas.
std::vector<std::string> ValuesOf(std::string_view raw) {
  return absl::StrSplit(raw, ',', absl::SkipEmpty());
}

// "12", "100M", "5%"; nullopt if it is no such number.
std::optional<double> ParseNumber(std::string_view text, Unit unit) {
  double factor = 1;
  if (unit == Unit::kBytes) {
    if (!absl::ConsumeSuffix(&text, "b")) absl::ConsumeSuffix(&text, "B");
    if (!absl::ConsumeSuffix(&text, "i")) absl::ConsumeSuffix(&text, "I");
    constexpr std::string_view kPrefixes = "kmgt";
    const size_t power = text.empty()
                             ? std::string_view::npos
                             : kPrefixes.find(absl::ascii_tolower(
                                   static_cast<unsigned char>(text.back())));
    if (power != std::string_view::npos) {
      factor = std::pow(1024, static_cast<double>(power + 1));
      text.remove_suffix(1);
    }
  } else {
    absl::ConsumeSuffix(&text, "%");
  }
  double number = 0;
  if (text.find_first_not_of("0123456789.-") != std::string_view::npos ||
      !absl::SimpleAtod(text, &number) ||
      (unit == Unit::kBytes && number < 0)) {
    return std::nullopt;
  }
  return number * factor;
}

// The text that words are looked for in, in lower case.
std::string SearchText(const ProcessRecord& record) {
  return absl::AsciiStrToLower(absl::StrCat(TextOf(record, "name"), "\n",
                                            TextOf(record, "command_line")));
}

// The parts of `text` between spaces that are not in quotes.
std::vector<std::string_view> Tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  bool is_quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool ends = i == text.size() ||
                      (!is_quoted && absl::ascii_isspace(
                                         static_cast<unsigned char>(text[i])));
    if (!ends) {
      if (text[i] == '"') is_quoted = !is_quoted;
      continue;
    }
    if (i > begin) tokens.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return tokens;
}

// "user:root" in three; a token without a key or an operator is text.
struct KeyedToken {
  std::string key;
  std::string_view sign;
  std::string_view value;
};

std::optional<KeyedToken> SplitToken(std::string_view token) {
  size_t end = 0;
  while (end < token.size() &&
         (absl::ascii_isalpha(static_cast<unsigned char>(token[end])) ||
          token[end] == '_')) {
    ++end;
  }
  const std::string_view rest = token.substr(end);
  for (const std::string_view sign : {">=", "<=", ">", "<", ":", "="}) {
    if (!absl::StartsWith(rest, sign)) continue;
    if (end == 0 && (sign == ":" || sign == "=")) return std::nullopt;
    return KeyedToken{.key = end == 0
                                 ? "memory"
                                 : absl::AsciiStrToLower(token.substr(0, end)),
                      .sign = sign,
                      .value = rest.substr(sign.size())};
  }
  return std::nullopt;
}

// Takes the "-" of a negated token away.
bool TakeNegation(std::string_view& token) {
  if (token.size() < 2 || token[0] != '-' || token[1] == '-') return false;
  token.remove_prefix(1);
  return true;
}

bool Compares(double value, std::string_view sign, double wanted) {
  if (sign == ">") return value > wanted;
  if (sign == "<") return value < wanted;
  return sign == ">=" ? value >= wanted : value <= wanted;
}

}  // namespace

class FilterParser {
 public:
  using Term = ProcessFilter::Term;

  explicit FilterParser(const StackNames& names) : names_(names) {}

  absl::StatusOr<Term> Parse(std::string_view token) const {
    const bool negated = TakeNegation(token);
    const std::optional<KeyedToken> keyed = SplitToken(token);
    absl::StatusOr<Term> term =
        keyed ? ParseKeyed(token, *keyed) : TextTerm(Unquote(token));
    if (term.ok()) term->negated = negated;
    return term;
  }

 private:
  absl::StatusOr<Term> ParseKeyed(std::string_view token,
                                  const KeyedToken& keyed) const {
    if (const WordKey* const key = FindKey(kWords, keyed.key)) {
      return WordTerm(*key, keyed);
    }
    if (const NumberKey* const key = FindKey(kNumbers, keyed.key)) {
      return NumberTerm(*key, keyed);
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "FILTER: ", base::Quote(keyed.key), " is no key; keys are ", KeyNames(),
        "; in quotes it is text: '\"", token, "\"'"));
  }

  static Term TextTerm(std::string_view text) {
    return {.fields = {"name", "command_line"},
            .matches = [wanted = absl::AsciiStrToLower(text)](
                           const ProcessRecord& record) {
              return absl::StrContains(SearchText(record), wanted);
            }};
  }

  absl::StatusOr<Term> WordTerm(const WordKey& key,
                                const KeyedToken& keyed) const {
    if (keyed.sign != ":" && keyed.sign != "=") {
      return absl::InvalidArgumentError(
          absl::StrCat("FILTER: ", base::Quote(keyed.key),
                       " is no number; write ", keyed.key, ":VALUE"));
    }
    std::vector<std::string> values = ReadValues(keyed);
    for (std::string& value : values) absl::AsciiStrToLower(&value);
    if (values.empty()) return Missing("a value", keyed);
    const bool is_whole = keyed.sign == "=";
    Term term = {.fields = {std::string(key.key)}};
    if (key.name == "state") {
      absl::StatusOr<std::string> states = StatesOf(values, is_whole);
      if (!states.ok()) return states.status();
      if (!states->empty()) {
        term.parameter = "state";
        term.value = *std::move(states);
        term.is_whole = true;
      }
    }
    const bool contains = key.name == "name" || key.name == "command";
    const StackNames names = key.name == "stack" ? names_ : StackNames();
    term.matches = [key = key.key, values = std::move(values), is_whole,
                    contains, names](const ProcessRecord& record) {
      const std::string value = absl::AsciiStrToLower(TextOf(record, key));
      std::string name;
      if (const auto found = names.find(value); found != names.end()) {
        name = absl::AsciiStrToLower(found->second);
      }
      const auto fits = [&](std::string_view text, std::string_view wanted) {
        return is_whole   ? text == wanted
               : contains ? absl::StrContains(text, wanted)
                          : absl::StartsWith(text, wanted);
      };
      return absl::c_any_of(values, [&](const std::string& wanted) {
        return fits(value, wanted) || (!name.empty() && fits(name, wanted));
      });
    };
    return term;
  }

  // The states that the values mean, separated by commas.
  static absl::StatusOr<std::string> StatesOf(
      const std::vector<std::string>& values, bool is_whole) {
    std::vector<std::string_view> states;
    for (const std::string& value : values) {
      bool is_known = false;
      for (const std::string_view state : kStates) {
        is_known = is_known || absl::StartsWith(state, value);
        const bool fits =
            is_whole ? state == value : absl::StartsWith(state, value);
        if (fits && !absl::c_linear_search(states, state)) {
          states.push_back(state);
        }
      }
      if (!is_known) {
        return absl::InvalidArgumentError(absl::StrCat(
            "FILTER: ", base::Quote(value), " is no state; states are ",
            absl::StrJoin(kStates, ", ")));
      }
    }
    return absl::StrJoin(states, ",");
  }

  static absl::StatusOr<Term> NumberTerm(const NumberKey& key,
                                         const KeyedToken& keyed) {
    const bool is_equal = keyed.sign == ":" || keyed.sign == "=";
    if (is_equal && key.unit != Unit::kNone) {
      return absl::InvalidArgumentError(absl::StrCat(
          "FILTER: write ", keyed.key, ">VALUE or ", keyed.key, "<VALUE"));
    }
    const std::vector<std::string> texts =
        is_equal ? ReadValues(keyed)
                 : std::vector<std::string>{Unquote(keyed.value)};
    if (texts.empty() || texts.front().empty()) {
      return Missing("a number", keyed);
    }
    std::vector<double> numbers;
    for (const std::string& text : texts) {
      const std::optional<double> number = ParseNumber(text, key.unit);
      if (!number) {
        return absl::InvalidArgumentError(
            absl::StrCat("FILTER: ", base::Quote(text), " after ", keyed.key,
                         keyed.sign, " is no number, as ",
                         key.unit == Unit::kBytes     ? "300K, 100M or 1.5G"
                         : key.unit == Unit::kPercent ? "5 or 12.5"
                                                      : "12"));
      }
      numbers.push_back(*number);
    }
    Term term = {.fields = {std::string(key.key)}};
    const bool is_percent = key.unit == Unit::kPercent;
    // The average of a process needs its age.
    if (is_percent) term.fields.emplace_back("start_time");
    MakeParameter(key, keyed, texts, numbers.front(), term);
    term.matches = [key = key.key, sign = keyed.sign, numbers, is_equal,
                    is_percent](const ProcessRecord& record) {
      const double value =
          is_percent ? record.cpu * 100 : NumberOf(record, key);
      if (std::isnan(value)) return false;
      return is_equal ? absl::c_linear_search(numbers, value)
                      : Compares(value, sign, numbers.front());
    };
    return term;
  }

  static void MakeParameter(const NumberKey& key, const KeyedToken& keyed,
                            const std::vector<std::string>& texts, double first,
                            Term& term) {
    if (key.name == "pid" && (keyed.sign == ":" || keyed.sign == "=")) {
      const bool fits = absl::c_all_of(texts, [](const std::string& text) {
        int32_t pid = 0;
        return absl::SimpleAtoi(text, &pid) && pid >= 0;
      });
      if (!fits) return;
      term.parameter = "pid";
      term.value = absl::StrJoin(texts, ",");
      term.is_whole = true;
    } else if (key.name == "memory" && absl::StartsWith(keyed.sign, ">") &&
               first < 1e18) {
      const double least = std::ceil(first);
      term.parameter = "min_memory";
      term.value = absl::StrCat(static_cast<int64_t>(least));
      term.is_whole = keyed.sign == ">=" || first != least;
    }
  }

  static std::vector<std::string> ReadValues(const KeyedToken& keyed) {
    if (!absl::StrContains(keyed.value, '"')) return ValuesOf(keyed.value);
    std::string value = Unquote(keyed.value);
    if (value.empty()) return {};
    return {std::move(value)};
  }

  static absl::Status Missing(std::string_view what, const KeyedToken& keyed) {
    return absl::InvalidArgumentError(absl::StrCat(
        "FILTER: ", what, " is missing after ", keyed.key, keyed.sign));
  }

  const StackNames& names_;
};

absl::StatusOr<ProcessFilter> ProcessFilter::Parse(std::string_view text,
                                                   const StackNames& names) {
  if (absl::c_count(text, '"') % 2 == 1) {
    return absl::InvalidArgumentError("FILTER: a quote (\") is open; close it");
  }
  const FilterParser parser(names);
  ProcessFilter filter;
  for (const std::string_view token : Tokens(text)) {
    absl::StatusOr<Term> term = parser.Parse(token);
    if (!term.ok()) return term.status();
    filter.terms_.push_back(*std::move(term));
  }
  return filter;
}

bool ProcessFilter::NamesStacks(std::string_view text) {
  return absl::c_any_of(Tokens(text), [](std::string_view token) {
    TakeNegation(token);
    const std::optional<KeyedToken> keyed = SplitToken(token);
    return keyed && keyed->key == "stack";
  });
}

void ProcessFilter::AddEqual(std::string_view key,
                             std::vector<std::string> values) {
  terms_.push_back(
      {.fields = {std::string(key)},
       .matches = [key = std::string(key),
                   values = std::move(values)](const ProcessRecord& record) {
         return absl::c_linear_search(values, TextOf(record, key));
       }});
}

void ProcessFilter::AddAtLeast(std::string_view key, double least) {
  terms_.push_back(
      {.fields = {std::string(key)},
       .matches = [key = std::string(key), least](const ProcessRecord& record) {
         return NumberOf(record, key) >= least;
       }});
}

bool ProcessFilter::Matches(const ProcessRecord& record) const {
  return absl::c_all_of(terms_, [&](const Term& term) {
    return term.matches(record) != term.negated;
  });
}

std::vector<std::string> ProcessFilter::Fields() const {
  std::vector<std::string> fields;
  for (const Term& term : terms_) {
    for (const std::string& field : term.fields) {
      if (!absl::c_linear_search(fields, field)) fields.push_back(field);
    }
  }
  return fields;
}

ProcessFilter ProcessFilter::MoveTo(
    std::vector<std::pair<std::string, std::string>>& query) const {
  ProcessFilter rest;
  for (const Term& term : terms_) {
    const bool is_free = !term.parameter.empty() && !term.negated &&
                         absl::c_none_of(query, [&](const auto& parameter) {
                           return parameter.first == term.parameter;
                         });
    if (is_free) query.emplace_back(term.parameter, term.value);
    if (!is_free || !term.is_whole) rest.terms_.push_back(term);
  }
  return rest;
}

}  // namespace tallyman::tally
