/* The lobby from C, without a schema: lobby <url> <text>. Says the text to the others, asks for a sum, then tells what it hears. */
#include <parley/c/parley.h>

#include <stdio.h>
#include <string.h>

static int complain(const char* what, const parley_error* why) {
  fprintf(stderr, "%s: %s: %s\n", what, parley_code_name(why->code), why->text);
  return 1;
}

/* On the client's thread. */
static void heard(void* user, const parley_message* message) {
  (void)user;
  switch (parley_message_kind(message)) {
    case PARLEY_EVENT:
      printf("heard %s %s\n", parley_message_name(message), parley_message_payload(message));
      break;
    case PARLEY_REFUSAL:
      printf("refused %s: %s\n", parley_message_name(message), parley_code_name(parley_message_code(message)));
      break;
    default:
      printf("lost: %s\n", parley_code_name(parley_message_code(message)));
  }
  fflush(stdout);
}

int main(int argc, char** argv) {
  static const char numbers[] = "{\"numbers\":[391,29]}";
  char said[512];
  parley_error why;
  parley_message* sum = NULL;
  parley_client* client;
  if (argc != 3) {
    fprintf(stderr, "usage: lobby <url> <text without quotes>\n");
    return 2;
  }
  client = parley_client_new(argv[1], NULL, &why);
  if (client == NULL) return complain("client", &why);
  parley_client_on_message(client, heard, NULL);
  if (parley_client_connect(client, &why) != PARLEY_OK) {
    parley_client_free(client);
    return complain("connect", &why);
  }
  snprintf(said, sizeof said, "{\"text\":\"%s\"}", argv[2]);
  if (parley_client_send(client, "Lobby.Say", said, strlen(said), "others", NULL, &why) != PARLEY_OK) complain("say", &why);
  if (parley_client_call(client, "Lobby.Add", numbers, sizeof numbers - 1, NULL, 5000, &sum, &why) == PARLEY_OK)
    printf("sum %s\n", parley_message_payload(sum));
  else complain("add", &why);
  parley_message_free(sum);
  fflush(stdout);
  getchar(); /* until the end of input */
  parley_client_free(client);
  return 0;
}
