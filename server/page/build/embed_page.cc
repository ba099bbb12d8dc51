// Makes a C++ source from the files of the page, at build time:
//
//   embed_page --out=FILE --index=.../index.html [--library=NAME=FILE]...
//   FILE...
//
// FILEs are those of the page, below the folder of the index. A library is a
// module that is imported as NAME. On errors, which name the file and its line,
// the exit code is 1.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/page/build/cc_source.h"
#include "server/page/build/page_builder.h"

namespace tallyman::page {
namespace {

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return text;
}

struct Arguments {
  std::string out;
  std::string sizes;
  std::string folder;  // Of the page, with a slash at its end.
  std::vector<SourceFile> files;
};

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::string_view word : words) {
    SourceFile file;
    if (absl::ConsumePrefix(&word, "--out=")) {
      arguments.out = word;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--sizes=")) {
      arguments.sizes = word;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--index=")) {
      if (!absl::ConsumeSuffix(&word, kDocument)) {
        return absl::InvalidArgumentError("the index is no index.html");
      }
      arguments.folder = word;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--library=")) {
      const std::pair<std::string, std::string> library =
          absl::StrSplit(word, absl::MaxSplits('=', 1));
      file = {
          .name = library.first, .path = library.second, .is_library = true};
    } else {
      file = {.name = std::string(word), .path = std::string(word)};
    }
    absl::StatusOr<std::string> text = Read(file.path);
    if (!text.ok()) return text.status();
    file.text = *std::move(text);
    arguments.files.push_back(std::move(file));
  }
  for (SourceFile& file : arguments.files) {
    if (file.is_library) continue;
    std::string_view name = file.name;
    if (!absl::ConsumePrefix(&name, arguments.folder)) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.path, " is not below ", arguments.folder));
    }
    file.name = std::string(name);
  }
  return arguments;
}

absl::Status Write(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file.good()) {
    return absl::UnknownError(absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

// A line for each file, the largest first.
std::string DescribeSizes(const BuiltPage& page) {
  std::vector<BuiltPart> parts;
  for (const BuiltAsset& asset : page.assets) {
    parts.insert(parts.end(), asset.parts.begin(), asset.parts.end());
  }
  std::sort(parts.begin(), parts.end(),
            [](const BuiltPart& a, const BuiltPart& b) {
              return a.size != b.size ? a.size > b.size : a.source < b.source;
            });
  std::string text;
  for (const BuiltPart& part : parts) {
    absl::StrAppend(&text, absl::Dec(part.size, absl::kSpacePad8), "  ",
                    part.source, "\n");
  }
  for (const std::string& name : page.unused) {
    absl::StrAppend(&text, "  unused  ", name, "\n");
  }
  return text;
}

absl::Status Run(const std::vector<std::string>& words) {
  absl::StatusOr<Arguments> arguments = Parse(words);
  if (!arguments.ok()) return arguments.status();
  const absl::StatusOr<BuiltPage> page = BuildPage(std::move(arguments->files));
  if (!page.ok()) return page.status();
  absl::Status written = Write(arguments->out, WriteCcSource(page->assets));
  if (!written.ok()) return written;
  return Write(arguments->sizes, DescribeSizes(*page));
}

}  // namespace
}  // namespace tallyman::page

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const absl::Status status = tallyman::page::Run(words);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << status.message() << "\n";
  return EXIT_FAILURE;
}
