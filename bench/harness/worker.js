// A peer in a process of its own, asked one thing at a time in lines of JSON.
'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');

class Worker {
  constructor(name, [command, ...args]) {
    this.name = name;
    this.pending = null;
    this.stderr = '';
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr.on('data', (text) => (this.stderr = (this.stderr + text).slice(-4000)));
    this.child.on('error', (error) => this.settle({ error: error.message }));
    this.child.on('close', (code) => this.settle({ error: `ended with code ${code}` }));
    this.child.stdin.on('error', () => {}); // its end is told by 'close'
    // Libraries print what they like; answers are marked.
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line.startsWith('@')) this.settle(JSON.parse(line.slice(1)));
    });
  }

  settle(answer) {
    const { pending } = this;
    this.pending = null;
    if (!pending) {
      this.failed ??= answer.error;
    } else if (answer.error) {
      pending.reject(new Error(`${this.name}: ${answer.error}\n${this.stderr.trim()}`));
    } else {
      pending.resolve(answer);
    }
  }

  ask(op, request = {}) {
    if (this.failed) return Promise.reject(new Error(`${this.name}: ${this.failed}`));
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.child.stdin.write(`${JSON.stringify({ op, ...request })}\n`);
    });
  }

  end() {
    this.child.kill();
  }
}

module.exports = { Worker };
