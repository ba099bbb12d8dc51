#include "server/page/build/page_builder.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "platform/base/digest.h"
#include "server/page/build/css.h"
#include "server/page/build/html.h"
#include "server/page/build/js.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

constexpr size_t kHashBytes = 16;

enum class FileType : uint8_t { kHtml, kJs, kCss, kSvg };

struct Type {
  std::string_view suffix;
  FileType type;
  std::string_view media_type;
  std::string_view served_suffix;
};

constexpr Type kTypes[] = {
    {".html", FileType::kHtml, "text/html; charset=utf-8", ".html"},
    {".js", FileType::kJs, "text/javascript; charset=utf-8", ".js"},
    {".mjs", FileType::kJs, "text/javascript; charset=utf-8", ".js"},
    {".css", FileType::kCss, "text/css; charset=utf-8", ".css"},
    {".svg", FileType::kSvg, "image/svg+xml", ".svg"},
};

// The type of the file at `path`; null if it has none of ours.
const Type* TypeOf(std::string_view path) {
  for (const Type& type : kTypes) {
    if (path.ends_with(type.suffix)) return &type;
  }
  return nullptr;
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
  explicit Builder(std::vector<SourceFile> files) : files_(std::move(files)) {}

  absl::StatusOr<BuiltPage> Run() {
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!by_name_.try_emplace(files_[i].name, i).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(files_[i].path, ": there are two files named \"",
                         files_[i].name, "\""));
      }
    }
    states_.resize(files_.size());
    const auto document = by_name_.find(kDocument);
    if (document == by_name_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the page has no ", kDocument));
    }
    if (absl::Status built = Build(document->second, false); !built.ok()) {
      return built;
    }
    BuiltPage page;
    page.assets.push_back(*std::move(states_[document->second].asset));
    for (BuiltAsset& asset : done_) page.assets.push_back(std::move(asset));
    for (const auto& [name, index] : by_name_) {
      if (!states_[index].asset) page.unused.push_back(name);
    }
    return page;
  }

 private:
  struct State {
    bool is_being_built = false;
    bool is_preloaded = false;
    std::vector<size_t> needed;  // Without lazy ones.
    std::optional<BuiltAsset> asset;
  };

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

  absl::StatusOr<size_t> Find(const SourceFile& from,
                              const Reference& reference) const {
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
    return found->second;
  }

  static absl::StatusOr<std::vector<Reference>> FindReferences(
      FileType type, std::string_view text) {
    switch (type) {
      case FileType::kHtml:
        return FindHtmlReferences(text);
      case FileType::kJs:
        return FindJsReferences(text);
      case FileType::kCss:
        return FindCssReferences(text);
      case FileType::kSvg:
        break;
    }
    return std::vector<Reference>();
  }

  absl::StatusOr<std::string> Finish(size_t index, FileType type,
                                     const std::string& text) {
    switch (type) {
      case FileType::kHtml: {
        std::vector<std::string> modules;
        for (const size_t needed : states_[index].needed) {
          ListModules(needed, modules);
        }
        return FinishHtml(text, modules);
      }
      case FileType::kJs:
        return MinifyJs(text);
      case FileType::kCss:
        return MinifyCss(text);
      case FileType::kSvg:
        break;
    }
    return text;
  }

  // Appends the paths of modules: `index`, then those that it needs.
  void ListModules(size_t index, std::vector<std::string>& modules) {
    State& state = states_[index];
    if (state.is_preloaded) return;
    state.is_preloaded = true;
    if (TypeOf(files_[index].path)->type == FileType::kJs) {
      modules.push_back(state.asset->path);
    }
    for (const size_t needed : state.needed) ListModules(needed, modules);
  }

  // Makes states_[index].asset, after those of the files that it needs.
  absl::Status Build(size_t index, bool is_asset) {
    State& state = states_[index];
    const SourceFile& file = files_[index];
    if (state.asset) return absl::OkStatus();
    const Type* const type = TypeOf(file.path);
    if (type == nullptr || (type->type == FileType::kHtml) == is_asset) {
      return absl::InvalidArgumentError(absl::StrCat(
          file.path, ": not a file that a page can name: .js, .css or .svg"));
    }
    auto references = FindReferences(type->type, file.text);
    if (!references.ok()) return InFile(file, references.status());
    state.is_being_built = true;
    circle_.push_back(index);
    std::vector<std::string> names;
    for (const Reference& reference : *references) {
      const absl::StatusOr<size_t> found = Find(file, reference);
      if (!found.ok()) return found.status();
      if (states_[*found].is_being_built) {
        return Error(file, reference.line, DescribeCircle(*found));
      }
      if (absl::Status built = Build(*found, true); !built.ok()) return built;
      if (!reference.is_lazy) state.needed.push_back(*found);
      const std::string& path = states_[*found].asset->path;
      // Assets are side by side.
      names.push_back(is_asset
                          ? absl::StrCat("./", path.substr(kAssetsPath.size()))
                          : path);
    }
    circle_.pop_back();
    state.is_being_built = false;
    absl::StatusOr<std::string> body =
        Finish(index, type->type, Replace(file.text, *references, names));
    if (!body.ok()) return InFile(file, body.status());
    AddAsset(index, *type, *std::move(body), is_asset);
    return absl::OkStatus();
  }

  void AddAsset(size_t index, const Type& type, std::string body,
                bool is_asset) {
    const base::Sha256Digest digest = base::Sha256(body);
    BuiltAsset asset = {.source = files_[index].name,
                        .path = "/",
                        .media_type = std::string(type.media_type),
                        .body = std::move(body),
                        .hash = Hex(digest)};
    if (is_asset) {
      asset.path = absl::StrCat(kAssetsPath, Stem(asset.source), "-",
                                ShortHash(digest), type.served_suffix);
      // Two equal files with one name are one asset.
      if (paths_.try_emplace(asset.path, index).second) done_.push_back(asset);
    }
    states_[index].asset = std::move(asset);
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
  std::vector<size_t> circle_;  // The files that are being built.
  std::vector<BuiltAsset> done_;
  std::map<std::string, size_t> paths_;
};

}  // namespace

absl::StatusOr<BuiltPage> BuildPage(std::vector<SourceFile> files) {
  return Builder(std::move(files)).Run();
}

}  // namespace tallyman::page
