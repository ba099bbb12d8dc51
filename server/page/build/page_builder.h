// Makes what the server serves from the files of the page: names by content,
// imports of these names, no comments.
//
//   absl::StatusOr<BuiltPage> page = BuildPage(files);

#ifndef TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_
#define TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::page {

// The document; all other files are needed by it, or not at all.
inline constexpr std::string_view kDocument = "index.html";

// Assets are below this path.
inline constexpr std::string_view kAssetsPath = "/assets/";

struct SourceFile {
  // Of a file of the page: relative to its folder, "ui/menu.js". Of a library:
  // the name by which it is imported, "preact/hooks".
  std::string name;
  // Where it is, for errors.
  std::string path;
  std::string text;
  bool is_library = false;
};

struct BuiltAsset {
  std::string source;  // SourceFile::name
  std::string path;    // "/", or "/assets/menu-3fq2k7xw5a.js"
  std::string media_type;
  std::string body;
  std::string hash;  // Of the body: 128 bits in hexadecimal digits.
};

struct BuiltPage {
  // The document first, then the files that it needs, each after those that it
  // needs itself.
  std::vector<BuiltAsset> assets;
  // The names of files that nothing needs, sorted.
  std::vector<std::string> unused;
};

// A name has 50 bits of the hash of its file's final content, so a file is
// named after the files that it imports: imports in a circle are an error, lazy
// ones too. The document gets a link to preload each module that it needs, lazy
// ones left out.
//
// InvalidArgument says "server/page/app.js:12: ..." for a reference to a file
// that does not exist, to another host, or by a path without ./ or ../; for a
// circle; for a file of another type than .html, .js, .mjs, .css and .svg; and
// for what js.h, css.h and html.h refuse. A library may import libraries.
absl::StatusOr<BuiltPage> BuildPage(std::vector<SourceFile> files);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_
