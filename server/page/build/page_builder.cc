#include "server/page/build/page_builder.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "platform/base/digest.h"
#include "server/page/build/css.h"
#include "server/page/build/html.h"
#include "server/page/build/js.h"
#include "server/page/build/js_bundle.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

constexpr size_t kHashBytes = 16;

// A kind of asset.
struct Type {
  std::string_view suffix;
  std::string_view media_type;
};

constexpr Type kHtml = {".html", "text/html; charset=utf-8"};
constexpr Type kJs = {".js", "text/javascript; charset=utf-8"};
constexpr Type kCss = {".css", "text/css; charset=utf-8"};
constexpr Type kSvg = {".svg", "image/svg+xml"};

bool IsOfType(std::string_view path, const Type& type) {
  return path.ends_with(type.suffix) ||
         (type.suffix == kJs.suffix && path.ends_with(".mjs"));
}

// The last part of `name`, without its suffix.
std::string_view Stem(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

std::string Hex(const base::Sha256Digest& digest) {
  std::string text;
  for (size_t i = 0; i < kHashBytes; ++i) {
    absl::StrAppend(&text, absl::Hex(digest[i], absl::kZeroPad2));
  }
  return text;
}

// Ten characters of base32 (RFC 4648) in lower case: each is 5 bits.
std::string ShortHash(const base::Sha256Digest& digest) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  uint64_t bits = 0;
  for (size_t i = 0; i < 8; ++i) bits = bits << 8 | digest[i];
  for (int shift = 59; shift > 59 - 50; shift -= 5) {
    text.push_back(kDigits[bits >> shift & 31]);
  }
  return text;
}

// The name that `reference` in the file `from` means, both of the page:
// ("ui/menu.js", "../api.js") is "api.js". nullopt if it leaves the page.
std::optional<std::string> Join(std::string_view from,
                                std::string_view reference) {
  std::vector<std::string_view> parts = absl::StrSplit(from, '/');
  parts.pop_back();
  for (const std::string_view part : absl::StrSplit(reference, '/')) {
    if (part == ".") continue;
    if (part == "..") {
      if (parts.empty()) return std::nullopt;
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return absl::StrJoin(parts, "/");
}

class Builder {
 public:
  explicit Builder(std::vector<SourceFile> files)
      : files_(std::move(files)), states_(files_.size(), State::kUnused) {}

  absl::StatusOr<BuiltPage> Run() {
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!by_name_.try_emplace(files_[i].name, i).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(files_[i].path, ": there are two files named \"",
                         files_[i].name, "\""));
      }
    }
    const auto document = by_name_.find(kDocument);
    if (document == by_name_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the page has no ", kDocument));
    }
    absl::Status built = BuildDocument(document->second);
    if (!built.ok()) return built;
    BuiltPage page;
    page.assets = std::move(assets_);
    for (const auto& [name, index] : by_name_) {
      if (states_[index] == State::kUnused) page.unused.push_back(name);
    }
    return page;
  }

 private:
  enum class State : uint8_t { kUnused, kBeingRead, kUsed };

  static absl::Status Error(const SourceFile& file, int line,
                            std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.path, ":", line, ": ", what));
  }

  // Adds the path to an error that begins with a line.
  static absl::Status InFile(const SourceFile& file,
                             const absl::Status& status) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.path, ":", status.message()));
  }

  // The file that `reference` in `from` means.
  absl::StatusOr<size_t> Find(const SourceFile& from,
                              const Reference& reference,
                              const Type& type) const {
    const bool is_relative =
        reference.name.starts_with("./") || reference.name.starts_with("../");
    std::optional<std::string> name = reference.name;
    if (is_relative) {
      if (from.is_library) {
        return Error(from, reference.line,
                     absl::StrCat("the library imports \"", reference.name,
                                  "\", a file of its own"));
      }
      name = Join(from.name, reference.name);
    }
    const auto found = name ? by_name_.find(*name) : by_name_.end();
    if (found == by_name_.end() ||
        files_[found->second].is_library == is_relative) {
      return Error(
          from, reference.line,
          absl::StrCat("no file is named \"", reference.name, "\"",
                       is_relative ? ""
                                   : "; files of the page are named by "
                                     "./ or ../, and libraries are those of "
                                     "server/page/BUILD.bazel"));
    }
    if (!IsOfType(files_[found->second].path, type)) {
      return Error(from, reference.line,
                   absl::StrCat("\"", reference.name, "\" is no ", type.suffix,
                                " file"));
    }
    return found->second;
  }

  absl::Status BuildDocument(size_t index) {
    const SourceFile& file = files_[index];
    states_[index] = State::kUsed;
    absl::StatusOr<std::vector<HtmlReference>> references =
        FindHtmlReferences(file.text);
    if (!references.ok()) return InFile(file, references.status());
    assets_.emplace_back();  // The document is the first.
    std::vector<size_t> sheets;
    for (const HtmlReference& found : *references) {
      if (found.role != HtmlRole::kSheet) continue;
      const auto sheet = Find(file, found.reference, kCss);
      if (!sheet.ok()) return sheet.status();
      sheets.push_back(*sheet);
    }
    // What becomes of the document.
    std::vector<Reference> places;
    std::vector<std::string> names;
    bool has_script = false;
    bool has_sheet = false;
    for (const HtmlReference& found : *references) {
      absl::StatusOr<std::string> path;
      Reference place = found.reference;
      if (found.role == HtmlRole::kScript) {
        if (has_script) {
          return Error(file, place.line, "the page has one script; import it");
        }
        has_script = true;
        path = AddScript(file, place);
      } else if (found.role == HtmlRole::kOther) {
        path = AddPicture(file, place);
      } else if (!has_sheet) {
        has_sheet = true;
        path = AddSheets(sheets);
      } else {
        place.begin = found.tag_begin;
        place.name =
            file.text.substr(found.tag_begin, found.tag_end - found.tag_begin);
        path = "";
      }
      if (!path.ok()) return path.status();
      places.push_back(std::move(place));
      names.push_back(*std::move(path));
    }
    absl::StatusOr<std::string> body =
        MinifyHtml(Replace(file.text, places, names));
    if (!body.ok()) return InFile(file, body.status());
    const size_t size = body->size();
    BuiltAsset document =
        MakeAsset(file.name, kHtml, *std::move(body), {{file.name, size}});
    document.path = "/";
    assets_.front() = std::move(document);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> AddScript(const SourceFile& document,
                                        const Reference& reference) {
    const absl::StatusOr<size_t> main = Find(document, reference, kJs);
    if (!main.ok()) return main.status();
    if (absl::Status added = AddModule(*main); !added.ok()) return added;
    return AddAsset(MakeAsset(files_[*main].name, kJs, std::move(script_),
                              std::move(script_parts_)));
  }

  // Appends a module to the script, after those that it imports.
  absl::Status AddModule(size_t index) {
    const SourceFile& file = files_[index];
    auto references = FindJsReferences(file.text);
    if (!references.ok()) return InFile(file, references.status());
    states_[index] = State::kBeingRead;
    circle_.push_back(index);
    std::vector<size_t> imported;
    for (const Reference& reference : *references) {
      const absl::StatusOr<size_t> found = Find(file, reference, kJs);
      if (!found.ok()) return found.status();
      if (states_[*found] == State::kBeingRead) {
        return Error(file, reference.line, DescribeCircle(*found));
      }
      if (states_[*found] == State::kUnused) {
        if (absl::Status added = AddModule(*found); !added.ok()) return added;
      }
      imported.push_back(numbers_[*found]);
    }
    circle_.pop_back();
    states_[index] = State::kUsed;
    const size_t number = numbers_.size();
    numbers_[index] = number;
    const absl::StatusOr<std::string> statement =
        BundleJsModule(file.text, number, imported);
    if (!statement.ok()) return InFile(file, statement.status());
    script_.append(*statement);
    script_parts_.push_back({file.name, statement->size()});
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> AddSheets(const std::vector<size_t>& sheets) {
    std::string body;
    std::vector<BuiltPart> parts;
    for (const size_t index : sheets) {
      const SourceFile& file = files_[index];
      states_[index] = State::kUsed;
      auto references = FindCssReferences(file.text);
      if (!references.ok()) return InFile(file, references.status());
      std::vector<std::string> names;
      for (const Reference& reference : *references) {
        absl::StatusOr<std::string> path = AddPicture(file, reference);
        if (!path.ok()) return path.status();
        names.push_back(*std::move(path));
      }
      absl::StatusOr<std::string> sheet =
          MinifyCss(Replace(file.text, *references, names));
      if (!sheet.ok()) return InFile(file, sheet.status());
      body.append(*sheet);
      parts.push_back({file.name, sheet->size()});
    }
    return AddAsset(MakeAsset(files_[sheets.front()].name, kCss,
                              std::move(body), std::move(parts)));
  }

  absl::StatusOr<std::string> AddPicture(const SourceFile& from,
                                         const Reference& reference) {
    const absl::StatusOr<size_t> found = Find(from, reference, kSvg);
    if (!found.ok()) return found.status();
    const SourceFile& file = files_[*found];
    states_[*found] = State::kUsed;
    return AddAsset(
        MakeAsset(file.name, kSvg, file.text, {{file.name, file.text.size()}}));
  }

  static BuiltAsset MakeAsset(std::string_view source, const Type& type,
                              std::string body, std::vector<BuiltPart> parts) {
    const base::Sha256Digest digest = base::Sha256(body);
    return {.path = absl::StrCat(kAssetsPath, Stem(source), "-",
                                 ShortHash(digest), type.suffix),
            .media_type = std::string(type.media_type),
            .body = std::move(body),
            .hash = Hex(digest),
            .parts = std::move(parts)};
  }

  // Returns its path. A picture may be named twice, and is one asset.
  std::string AddAsset(BuiltAsset asset) {
    std::string path = asset.path;
    if (paths_.insert(path).second) assets_.push_back(std::move(asset));
    return path;
  }

  std::string DescribeCircle(size_t index) const {
    std::string text = "files import each other in a circle: ";
    bool is_in_circle = false;
    for (const size_t i : circle_) {
      is_in_circle = is_in_circle || i == index;
      if (is_in_circle) absl::StrAppend(&text, files_[i].name, " -> ");
    }
    return absl::StrCat(text, files_[index].name);
  }

  const std::vector<SourceFile> files_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::vector<State> states_;
  std::vector<BuiltAsset> assets_;
  std::set<std::string> paths_;  // Of assets_.
  // The script so far, and the numbers of its modules by file.
  std::string script_;
  std::vector<BuiltPart> script_parts_;
  std::map<size_t, size_t> numbers_;
  std::vector<size_t> circle_;  // The modules that are being read.
};

}  // namespace

absl::StatusOr<BuiltPage> BuildPage(std::vector<SourceFile> files) {
  return Builder(std::move(files)).Run();
}

}  // namespace tallyman::page
