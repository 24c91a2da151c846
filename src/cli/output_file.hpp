// Where --output-file puts an answer.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::cli {

/// A file that appears under its name only when complete: until then it has another name beside it,
/// and is gone when this ends first. A symbolic link stays one, and what it points to is replaced;
/// who may read a file that is replaced stays as it was.
/// Devices and pipes are written as they are. Every member throws Problem with the system's reason.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Puts it in its place and answers its size in bytes.
  std::size_t finish();
  /// Takes away what has been written so far.
  void abandon() noexcept;

 private:
  const std::string shown_;  ///< as the user names it
  std::string path_;         ///< behind symbolic links
  std::string partial_;      ///< empty for devices and pipes
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

}  // namespace fairlead::cli
