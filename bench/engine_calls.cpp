// The engine alone, as a library: CPU time of calls and of loading definitions, as JSON on standard
// output. bench/reference runs it beside the published Python package.
//
// usage: engine_calls call DEFINITION ENTITY ACTION PARAMS COUNT CALLERS
//        engine_calls load DEFINITION...
#include "base/task.hpp"
#include "connector/engine.hpp"
#include "connector/memory_credentials.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/resource.h>

namespace {

using namespace fairlead;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Failure(invalid("cannot read " + path));
  return text.str();
}

std::shared_ptr<const connector::Definition> definition_of(const std::string& text,
                                                           const std::string& path) {
  auto loaded = connector::load_definition(text, path);
  if (!loaded) throw Failure(loaded.error());
  return *std::move(loaded);
}

/// Calls one after another, until none is left; several of these run at once.
Task<void> caller(connector::Engine& engine, const connector::Call& call,
                  connector::CredentialSource& credentials, int& left, std::size_t& bytes) {
  while (left-- > 0) {
    auto outcome = co_await engine.execute(call, credentials);
    if (!outcome) throw Failure(connector::to_error(outcome.error()));
    bytes += outcome->data.size();
  }
}

std::size_t run_calls(connector::Engine& engine, const connector::Call& call,
                      connector::CredentialSource& credentials, int count, int callers) {
  asio::io_context loop(1);
  std::size_t bytes = 0;
  std::exception_ptr failure;
  for (int i = 0; i < callers; ++i)
    asio::co_spawn(loop, caller(engine, call, credentials, count, bytes),
                   [&](std::exception_ptr thrown) {
                     if (thrown) failure = thrown;
                   });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return bytes;
}

void measure_calls(char** arguments) {
  const std::string path = arguments[0];
  const auto definition = definition_of(text_of(path), path);
  connector::Call call;
  call.definition = definition.get();
  call.entity = arguments[1];
  call.action = arguments[2];
  call.params = json::parse(arguments[3]).as_object();
  const int count = std::atoi(arguments[4]), callers = std::atoi(arguments[5]);
  connector::CredentialFields fields;
  fields.emplace("token", Secret("bench-token-0123456789"));
  connector::MemoryCredentials credentials(std::move(fields));
  net::HttpClient client({.egress = net::EgressPolicy::unrestricted()});
  connector::Engine engine(client);
  run_calls(engine, call, credentials, count / 10 + callers, callers);  // connections, caches
  const double before = cpu_seconds();
  const std::size_t bytes = run_calls(engine, call, credentials, count, callers);
  const double taken = cpu_seconds() - before;
  std::cout << json::serialize(
                   json::object{{"us_per_call", taken * 1e6 / count},
                                {"bytes_per_call", bytes / static_cast<std::size_t>(count)}})
            << '\n';
}

void measure_loads(int files, char** paths) {
  json::object out;
  for (int i = 0; i < files; ++i) {
    const std::string text = text_of(paths[i]);
    std::vector<double> times;
    for (int round = 0; round < 15; ++round) {
      const double before = cpu_seconds();
      (void)definition_of(text, paths[i]);
      times.push_back((cpu_seconds() - before) * 1e3);
    }
    std::nth_element(times.begin(), times.begin() + 7, times.end());
    out[paths[i]] = json::object{{"ms", times[7]}, {"bytes", text.size()}};
  }
  std::cout << json::serialize(out) << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const std::string what = count > 1 ? arguments[1] : "";
    if (what == "call" && count == 8)
      measure_calls(arguments + 2);
    else if (what == "load" && count > 2)
      measure_loads(count - 2, arguments + 2);
    else
      throw Failure(invalid("usage: engine_calls call|load ..."));
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
