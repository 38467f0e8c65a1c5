"""What whoever runs this server looks at and does."""
