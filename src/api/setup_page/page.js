'use strict';
const find = id => document.getElementById(id);
const recovering = location.pathname === '/recover';
const words = recovering ? {
  title: 'Get back in',
  purpose: 'Choose a new password for the admin. You get a new client id and secret; those that were made before go on working.',
  hint: 'From the link that “fairlead admin recover” printed. It works once, for ten minutes.',
  send: 'Set the password',
  done: 'You are back',
  gone: 'This code was used or has ended. “fairlead admin recover” makes a new one.',
} : {
  title: 'Set up Fairlead',
  purpose: 'Make the first organization and its admin. This page is here until that is done, and then never again.',
  hint: 'From the link that “fairlead setup-url” printed, or from the file setup-code in the state folder.',
  send: 'Set up',
  done: 'Fairlead is set up',
  gone: 'This installation has been set up already. If that was not you, stop the server.',
};

document.title = words.title + ' – Fairlead';
find('title').textContent = words.title;
find('purpose').textContent = words.purpose;
find('code-hint').textContent = words.hint;
const send = find('send');
send.textContent = words.send;
find('done-title').textContent = words.done;
for (const id of ['organization-field', 'email-field']) find(id).hidden = recovering;
find('form').hidden = false;

// The code comes behind the #, which browsers do not send; it need not stay in the history either.
if (location.hash.length > 1) {
  find('code').value = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
}
find(!find('code').value ? 'code' : recovering ? 'admin_password' : 'organization_name').focus();
find('show').addEventListener('change', () => {
  find('admin_password').type = find('show').checked ? 'text' : 'password';
});

const fields = () => recovering ? ['code', 'admin_password'] : ['code', 'organization_name', 'admin_email', 'admin_password'];

function tell(place, text) {
  const note = find(place);
  note.textContent = text;
  note.hidden = !text;
}

function showProblems(problems, otherwise) {
  let first = null;
  for (const field of fields()) {
    const text = problems[field] || '';
    tell(field + '-problem', text);
    find(field).setAttribute('aria-invalid', text ? 'true' : 'false');
    if (text && !first) first = find(field);
  }
  tell('problem', otherwise);
  (first || (otherwise && find('problem')))?.focus();
}

/// A problem a field, from the server's answer; or one sentence for all.
function explain(status, body) {
  if (status === 404) return [{}, words.gone];
  const problems = {};
  for (const entry of body.errors || [])
    if (entry.field) problems[entry.field] = entry.message;
  return [problems, Object.keys(problems).length ? '' : body.message || 'The server answered ' + status + '.'];
}

find('form').addEventListener('submit', async event => {
  event.preventDefault();
  const missing = {};
  for (const field of fields()) if (!find(field).value) missing[field] = 'Please fill this in.';
  if (Object.keys(missing).length) return showProblems(missing, '');
  const body = Object.fromEntries(fields().map(field => [field, find(field).value]));
  body.code = body.code.trim();
  send.disabled = true;
  try {
    const answer = await fetch(recovering ? '/api/v1/recover' : '/api/v1/setup',
      {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body), credentials: 'omit', redirect: 'error'});
    const text = await answer.json();
    if (answer.ok) showResult(text);
    else showProblems(...explain(answer.status, text));
  } catch {
    showProblems({}, 'The server could not be reached. Nothing is known to have happened; try again.');
  } finally {
    send.disabled = false;
  }
});

function showResult(made) {
  const {client_id, client_secret, organization_id} = made;
  for (const [id, text] of Object.entries({client_id, client_secret, organization_id})) find(id).textContent = text;
  find('next').textContent = 'chmod 600 client.json\nfairlead login --server ' + location.origin + ' \\\n  --client-file client.json';
  find('download').href = URL.createObjectURL(new Blob([JSON.stringify({client_id, client_secret, organization_id}) + '\n'], {type: 'application/json'}));
  find('form').remove();
  find('done').hidden = false;
  find('done-title').focus();

  const warn = event => event.preventDefault();
  addEventListener('beforeunload', warn);
  const saved = text => {
    removeEventListener('beforeunload', warn);
    find('status').textContent = text;
  };
  find('download').addEventListener('click', () => saved('client.json was saved.'));
  for (const button of document.querySelectorAll('[data-copy]'))
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(find(button.dataset.copy).textContent);
        if (button.dataset.copy === 'client_secret') saved('Copied.');
        else find('status').textContent = 'Copied.';
      } catch {
        getSelection().selectAllChildren(find(button.dataset.copy));
        find('status').textContent = 'Selected; copy it with Ctrl+C.';
      }
    });
}
