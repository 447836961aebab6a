// The standard headers that any such program includes, to compare with.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

int main() {
  const std::vector<std::string> words{"a", "b"};
  std::cout << *std::make_unique<std::string>(words.back()) << '\n';
}
